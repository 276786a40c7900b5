import { BatonError } from '../errors.ts';
import type { Variables } from './variables.ts';

/** A link has room for so much besides its source. */
const MAX_CHARS = 1_024;
const FRAGMENT = 'define=';
const NAME = /^[\w-]{1,128}$/;
const FORBIDDEN = /[\u0000-\u001f"]/;

/**
 * The variables of a multivariant playlist as text without reserved characters, for the media playlists that import them
 * (draft-pantos-hls-rfc8216bis section 4.4.2.3) and are asked for by themselves. Null where there are none, or too many:
 * they have no value then.
 */
export function writeImports(variables: Variables): string | null {
  const valid = [...variables].filter(([name, value]) => NAME.test(name) && !FORBIDDEN.test(value));
  const text = Buffer.from(JSON.stringify(valid)).toString('base64url');
  return valid.length === 0 || text.length > MAX_CHARS ? null : text;
}

/** What `writeImports` wrote. @throws PLAYLIST_INVALID */
export function readImports(text: string): Variables {
  const list = text.length > MAX_CHARS ? null : parsed(Buffer.from(text, 'base64url').toString());
  if (!Array.isArray(list) || !list.every(isVariable)) throw new BatonError('PLAYLIST_INVALID', 'imported variables');
  return new Map(list);
}

/** An address with what its playlist may import in the fragment, which is never sent. */
export const withImports = (url: string, imports: string | null): string =>
  imports === null ? url : `${url}#${FRAGMENT}${imports}`;

/** What the playlist at an address from `withImports` may import; none at any other. @throws PLAYLIST_INVALID */
export function importsAt(address: string): { readonly text: string | null; readonly variables: Variables } {
  const hash = URL.parse(address)?.hash.slice(1) ?? '';
  const text = hash.startsWith(FRAGMENT) ? hash.slice(FRAGMENT.length) : null;
  return { text, variables: text === null ? new Map() : readImports(text) };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return null;
  }
}

function isVariable(entry: unknown): entry is [string, string] {
  if (!Array.isArray(entry) || entry.length !== 2) return false;
  const [name, value] = entry as unknown[];
  return typeof name === 'string' && typeof value === 'string' && NAME.test(name) && !FORBIDDEN.test(value);
}
