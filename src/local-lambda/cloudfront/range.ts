/** Half-open. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The bytes of an object of `size` that a Range header with one range asks for; null when it is to be ignored. */
export function parseRange(text: string, size: number): ByteRange | 'unsatisfiable' | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(text.trim()) ?? [];
  if (first === '' && last === '') return null;
  if (first === '')
    return last === '0' || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - Number(last)), end: size };
  if (last !== '' && Number(last) < Number(first)) return null;
  if (Number(first) >= size) return 'unsatisfiable';
  return { start: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) };
}

/** Of a 206: the bytes it has and the size of the whole; null when it does not say. */
export function parseContentRange(text: string): (ByteRange & { readonly size: number }) | null {
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(text) ?? [];
  if (first === undefined) return null;
  return { start: Number(first), end: Number(last) + 1, size: Number(size) };
}

export const contentRange = ({ start, end }: ByteRange, size: number): string => `bytes ${start}-${end - 1}/${size}`;
