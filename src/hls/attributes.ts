import { BatonError } from '../errors.ts';

/** One attribute of a tag (RFC 8216 section 4.2). */
export interface Attribute {
  readonly name: string;
  /** Without its quotes. */
  readonly value: string;
  readonly isQuoted: boolean;
  /** Where its value stands in the list, quotes included; half-open. */
  readonly start: number;
  readonly end: number;
}

const MAX_ATTRIBUTES = 200;

/**
 * The attributes of a list, in order and with repetitions; blanks around them and empty places are let pass, as players do.
 * @throws PLAYLIST_INVALID for anything else that is no list, PLAYLIST_TOO_LARGE for too many
 */
export function parseAttributes(list: string): readonly Attribute[] {
  const attributes: Attribute[] = [];
  for (let at = past(BETWEEN, list, 0); at < list.length;) {
    const attribute = attributeAt(list, at);
    attributes.push(attribute);
    if (attributes.length > MAX_ATTRIBUTES) throw new BatonError('PLAYLIST_TOO_LARGE', 'too many attributes');
    const next = list.indexOf(',', attribute.end);
    const after = list.slice(attribute.end, next === -1 ? undefined : next);
    if (after.trim() !== '') throw invalid(`"${after.slice(0, 20)}" after ${attribute.name}`);
    at = next === -1 ? list.length : past(BETWEEN, list, next);
  }
  return attributes;
}

/** The value of an attribute, or null; where it is repeated the last one counts, as for players. */
export const attributeOf = (attributes: readonly Attribute[], name: string): string | null =>
  attributes.findLast((attribute) => attribute.name === name)?.value ?? null;

function attributeAt(list: string, at: number): Attribute {
  const equals = list.indexOf('=', at);
  const name = equals === -1 ? '' : list.slice(at, equals).trim();
  if (name === '' || /[\s,"]/.test(name)) throw invalid(`no attribute: ${list.slice(at, at + 40)}`);
  const start = past(BLANK, list, equals + 1);
  if (list[start] === '"') {
    const quote = list.indexOf('"', start + 1);
    if (quote === -1) throw invalid(`${name}: a quotation without its end`);
    return { name, value: list.slice(start + 1, quote), isQuoted: true, start, end: quote + 1 };
  }
  const comma = list.indexOf(',', start);
  const value = list.slice(start, comma === -1 ? undefined : comma).trimEnd();
  if (value.includes('"')) throw invalid(`${name}: a quotation mark within`);
  return { name, value, isQuoted: false, start, end: start + value.length };
}

const BLANK = /[ \t]*/y;
const BETWEEN = /[ \t,]*/y;

function past(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
}

const invalid = (detail: string): BatonError => new BatonError('PLAYLIST_INVALID', detail);
