/** Half-open, in seconds. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A playhead this close to a range is in it: clocks are rounded. */
const CLOSE = 0.03;

/** The range that holds `at`, if any. */
export function rangeAt(ranges: TimeRanges, at: number): Span | null {
  return spans(ranges).find(({ start, end }) => start - CLOSE <= at && at <= end) ?? null;
}

/** The seconds of sound behind and ahead of `at`. */
export function around(ranges: TimeRanges, at: number): { bufferedAhead: number; bufferedBehind: number } {
  const { start, end } = rangeAt(ranges, at) ?? { start: at, end: at };
  return { bufferedAhead: end - at, bufferedBehind: Math.max(0, at - start) };
}

const spans = (ranges: TimeRanges): Span[] =>
  Array.from({ length: ranges.length }, (_, i) => ({ start: ranges.start(i), end: ranges.end(i) }));
