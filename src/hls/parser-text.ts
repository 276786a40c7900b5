import { BatonError } from '../errors.ts';
import { playlistAddress } from './address.ts';
import type { PlaylistKind } from './kind.ts';
import type { Line } from './lines.ts';
import { attributesOf, isKeySystem, referencesIn } from './references.ts';
import { substituted, variablesOf, type Variables } from './variables.ts';

/** In the stead of `'`, which the parser takes for a quotation mark. */
const APOSTROPHE = '\ue027';

/** Tags that are read, by what they hold; the parser's time for others grows with the square of their number. */
const READ: Readonly<Record<string, 'value' | 'attributes' | 'title'>> = {
  EXTM3U: 'value',
  EXTINF: 'title',
  'EXT-X-VERSION': 'value',
  'EXT-X-BYTERANGE': 'value',
  'EXT-X-DISCONTINUITY': 'value',
  'EXT-X-KEY': 'attributes',
  'EXT-X-MAP': 'attributes',
  'EXT-X-PROGRAM-DATE-TIME': 'value',
  'EXT-X-PART': 'attributes',
  'EXT-X-GAP': 'value',
  'EXT-X-TARGETDURATION': 'value',
  'EXT-X-MEDIA-SEQUENCE': 'value',
  'EXT-X-DISCONTINUITY-SEQUENCE': 'value',
  'EXT-X-ENDLIST': 'value',
  'EXT-X-PLAYLIST-TYPE': 'value',
  'EXT-X-I-FRAMES-ONLY': 'value',
  'EXT-X-SERVER-CONTROL': 'attributes',
  'EXT-X-PART-INF': 'attributes',
  'EXT-X-SKIP': 'attributes',
  'EXT-X-MEDIA': 'attributes',
  'EXT-X-STREAM-INF': 'attributes',
  'EXT-X-I-FRAME-STREAM-INF': 'attributes',
};

/** The most of each that a playlist may have: what the longest programmes need, and still quick to read. */
const MOST: Readonly<Record<string, number>> = {
  'EXT-X-STREAM-INF': 200,
  'EXT-X-I-FRAME-STREAM-INF': 100,
  'EXT-X-MEDIA': 400,
  'EXT-X-PART': 5_000,
  EXTINF: 20_000,
};
const MOST_ADDRESSES = 20_000;

/**
 * The lines that are read of a playlist, in a form that hls-parser reads right: addresses whole, variables replaced, titles
 * and apostrophes in disguise (`plainTitle`, `plainText`).
 * @throws PLAYLIST_INVALID, PLAYLIST_TOO_LARGE
 */
export function parserText(lines: readonly Line[], kind: PlaylistKind, base: string, importable?: Variables): string {
  const variables = variablesOf(lines, base, importable);
  const counts = new Map<string, number>();
  const texts: string[] = [];
  for (const line of lines) {
    const reading = Object.hasOwn(READ, line.name) ? READ[line.name] : undefined;
    if (line.kind !== 'uri' && reading === undefined) continue;
    const count = (counts.get(line.name) ?? 0) + 1;
    counts.set(line.name, count);
    const most = line.kind === 'uri' ? MOST_ADDRESSES : (MOST[line.name] ?? Infinity);
    if (count > most) throw new BatonError('PLAYLIST_TOO_LARGE', `more than ${most} ${line.name || 'addresses'}`);
    if (line.kind === 'uri') texts.push(playlistAddress(substituted(line.value, variables), base));
    else if (reading === 'attributes') texts.push(withAttributes(line, kind, variables, base));
    else texts.push(`#${line.name}${valueOf(line, reading === 'title')}`);
  }
  return texts.join('\n');
}

/** A title as it stood in the playlist. */
export const plainTitle = (title: string | undefined): string => decodeURIComponent(title ?? '');

/** A text from an attribute as it stood in the playlist; null where there is none. */
export const plainText = (text: string | undefined): string | null => text?.replaceAll(APOSTROPHE, "'") ?? null;

function valueOf({ value }: Line, hasTitle: boolean): string {
  if (!hasTitle) return value === '' ? '' : `:${value}`;
  const comma = value.indexOf(',');
  return comma === -1 ? `:${value},` : `:${value.slice(0, comma)},${encodeURIComponent(value.slice(comma + 1).trim())}`;
}

function withAttributes(line: Line, kind: PlaylistKind, variables: Variables, base: string): string {
  const references = referencesIn(line, kind);
  const attributes = attributesOf(line).map(({ name, value, isQuoted }) => {
    const reference = references.find(({ attribute, uri }) => attribute === name && uri === value);
    const plain = isQuoted ? substituted(value, variables) : value;
    const text = reference === undefined || isKeySystem(reference) ? plain : playlistAddress(plain, base);
    return `${name}=${isQuoted || reference !== undefined ? `"${disguised(text)}"` : disguised(text)}`;
  });
  return `#${line.name}:${attributes.join(',')}`;
}

const disguised = (text: string): string => text.replaceAll("'", APOSTROPHE).replaceAll('"', '');
