/** A range as it stands in the header, and the bytes of the whole that it means. */
export interface OddRange {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A range of `size` bytes: of all forms and lengths, often at an edge. `edges` are places where a mistake is likely. */
export function oddRange(size: number, edges: readonly number[], random: () => number): OddRange {
  const below = (limit: number): number => Math.floor(random() * limit);
  const length = Math.min(size, Math.ceil(2 ** (random() * 18)));
  const form = below(10);
  if (form === 0) return { text: `-${length}`, start: size - length, end: size };
  const edge = (edges[below(edges.length)] ?? 0) + below(5) - 2;
  const start = Math.max(0, Math.min(size - 1, form < 5 ? edge : below(size)));
  if (form === 1 && size - start < 400_000) return { text: `${start}-`, start, end: size };
  const end = Math.min(size, start + length);
  return { text: `${start}-${form === 2 && end === size ? size + 5000 : end - 1}`, start, end };
}
