import { BatonError } from '../errors.ts';
import type { ByteRange, Bytes } from '../units.ts';

/** What a Range header asks of a representation. `whole` also stands for a header that must be ignored. */
export type RangeAsk =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly range: ByteRange }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: RangeAsk = { kind: 'whole' };
const UNSATISFIABLE: RangeAsk = { kind: 'unsatisfiable' };

/**
 * Reads a Range header (RFC 9110 14.1 and 14.2) against a representation of `size` bytes: `a-b`, `a-` and `-n`, cut at
 * the end. Another unit, bad syntax and several ranges ask for the whole.
 */
export function parseRange(header: string | undefined, size: Bytes): RangeAsk {
  const set = /^bytes=(.*)$/i.exec(header ?? '')?.[1];
  // The list may have empty elements and blanks around its commas (RFC 9110 5.6.1.2).
  const specs =
    set
      ?.split(',')
      .map(trimBlanks)
      .filter((spec) => spec !== '') ?? [];
  const [first, last] = /^(\d*)-(\d*)$/.exec(specs[0] ?? '')?.slice(1) ?? [];
  if (specs.length !== 1 || first === undefined || last === undefined) return WHOLE;
  if (first === '') return last === '' ? WHOLE : suffix(Number(last), size);
  const start = Number(first);
  if (last !== '' && Number(last) < start) return WHOLE;
  if (start >= size) return UNSATISFIABLE;
  return { kind: 'part', range: { start, end: last === '' ? size : Math.min(Number(last) + 1, size) } };
}

/** The Content-Range of a 206: `bytes 0-99/200` for the half-open range 0 to 100. */
export const contentRange = ({ start, end }: ByteRange, size: Bytes): string => `bytes ${start}-${end - 1}/${size}`;

/** The Content-Range of a 416 (RFC 9110 15.5.17). */
export const unsatisfiedRange = (size: Bytes): string => `bytes */${size}`;

/** The Range header for the half-open range from `start` to `end`, or to the end of the representation. */
export function rangeHeader(start: Bytes, end?: Bytes): string {
  if (end !== undefined && end <= start) throw new BatonError('INTERNAL', `empty range from ${start} to ${end}`);
  return end === undefined ? `bytes=${start}-` : `bytes=${start}-${end - 1}`;
}

/**
 * Reads the Content-Range of a 206 (RFC 9110 14.4); `size` is null when the origin does not know it. Null for a header
 * that is missing, invalid, impossible, or of a 416.
 */
export function parseContentRange(header: string | undefined): { range: ByteRange; size: Bytes | null } | null {
  const match = /^bytes +(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(header ?? '');
  if (match === null) return null;
  const [start, end] = [Number(match[1]), Number(match[2]) + 1];
  const size = match[3] === '*' ? null : Number(match[3]);
  return end <= start || (size !== null && end > size) ? null : { range: { start, end }, size };
}

function suffix(length: Bytes, size: Bytes): RangeAsk {
  if (length === 0) return UNSATISFIABLE;
  // The last n bytes of nothing are satisfiable, but no Content-Range can say so.
  return size === 0 ? WHOLE : { kind: 'part', range: { start: Math.max(0, size - length), end: size } };
}

const trimBlanks = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '');
