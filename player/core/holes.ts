import type { Span } from './ranges.ts';
import type { Gap } from './taken.ts';

/** As in ranges.ts; it comes along, so that this belongs to a script by itself. */
export type RangeAt = (ranges: TimeRanges, at: number) => Span | null;

/** A playhead this close to a range is in it: clocks are rounded. */
const CLOSE = 0.03;

/** Where the first range after `at` begins; null when there is none. */
export function nextStart(ranges: TimeRanges, at: number): number | null {
  for (let i = 0; i < ranges.length; i++) if (ranges.start(i) > at) return ranges.start(i);
  return null;
}

/** How far one gets from `at` without a hole, but for those that came so; `at` itself when nothing is there. */
export function reach(ranges: TimeRanges, at: number, gaps: readonly Gap[], rangeAt: RangeAt): number {
  let end = rangeAt(ranges, at)?.end ?? at;
  for (;;) {
    const gap = gaps.find(([from]) => Math.abs(from - end) < CLOSE);
    const beyond = gap && rangeAt(ranges, gap[1] + CLOSE);
    if (beyond == null || beyond.end <= end) return end;
    end = beyond.end;
  }
}
