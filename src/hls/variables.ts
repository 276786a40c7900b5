import { BatonError } from '../errors.ts';
import { attributeOf, parseAttributes } from './attributes.ts';
import type { Line } from './lines.ts';

/** Values by name. */
export type Variables = ReadonlyMap<string, string>;

const MAX_VARIABLES = 100;
const MAX_CHARS = 16_384;
const NONE: Variables = new Map();

/**
 * The variables that EXT-X-DEFINE tags give values: their own, those of the query of the playlist's address, and those of
 * the multivariant playlist, `importable` (draft-pantos-hls-rfc8216bis section 4.4.2.3). What is imported and not there has none.
 * @throws PLAYLIST_INVALID, PLAYLIST_TOO_LARGE
 */
export function variablesOf(lines: readonly Line[], address: string, importable: Variables = NONE): Variables {
  const variables = new Map<string, string>();
  for (const { name, value, number } of lines) {
    if (name !== 'EXT-X-DEFINE') continue;
    const [key, text] = definition(value, address, importable, number);
    if (text !== null) variables.set(key, text);
    if (variables.size > MAX_VARIABLES) throw new BatonError('PLAYLIST_TOO_LARGE', 'too many variables');
  }
  return variables;
}

/** The parameter of its address's query that gives the variable of an EXT-X-DEFINE its value; null where none does. */
export function queryParameter({ name, value }: Line): string | null {
  if (name !== 'EXT-X-DEFINE') return null;
  const attributes = parseAttributes(value);
  const isOther = ['NAME', 'IMPORT'].some((key) => attributeOf(attributes, key) !== null);
  return isOther ? null : attributeOf(attributes, 'QUERYPARAM');
}

/** `text` with its `{$name}` replaced. @throws PLAYLIST_INVALID for a name without a value, PLAYLIST_TOO_LARGE */
export function substituted(text: string, variables: Variables): string {
  if (!text.includes('{$')) return text;
  const whole = text.replace(/\{\$([\w-]+)\}/g, (_, name: string) => {
    const value = variables.get(name);
    if (value === undefined) throw new BatonError('PLAYLIST_INVALID', `{$${name}} has no value in this playlist`);
    return value;
  });
  if (whole.length > MAX_CHARS) throw new BatonError('PLAYLIST_TOO_LARGE', 'an address made of variables');
  return whole;
}

function definition(
  list: string,
  address: string,
  importable: Variables,
  number: number,
): readonly [name: string, value: string | null] {
  const attributes = parseAttributes(list);
  const [name, imported, parameter] = ['NAME', 'IMPORT', 'QUERYPARAM'].map((key) => attributeOf(attributes, key));
  if (name !== null && name !== undefined) return [name, attributeOf(attributes, 'VALUE') ?? ''];
  if (imported !== null && imported !== undefined) return [imported, importable.get(imported) ?? null];
  if (parameter === null || parameter === undefined)
    throw new BatonError('PLAYLIST_INVALID', `line ${number}: EXT-X-DEFINE of nothing`);
  const value = URL.parse(address)?.searchParams.get(parameter) ?? null;
  if (value === null)
    throw new BatonError('PLAYLIST_INVALID', `line ${number}: the address has no parameter ${parameter}`);
  return [parameter, value];
}
