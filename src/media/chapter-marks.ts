import type { Milliseconds } from '../units.ts';
import type { Chapter } from './tags.ts';

/** A chapter that says where it starts, but perhaps not where it ends. */
export type ChapterMark = Omit<Chapter, 'endMs'> & { readonly endMs?: Milliseconds };

const MAX_CHAPTERS = 1000;

/** Chapters in the order of their start: one that does not say where it ends does so where the next one starts, or at `endMs`. */
export function chaptersOf(marks: readonly ChapterMark[], endMs: Milliseconds): Chapter[] {
  const sorted = marks.toSorted((a, b) => a.startMs - b.startMs).slice(0, MAX_CHAPTERS);
  return sorted
    .map((mark, i) => ({ ...mark, endMs: Math.round(mark.endMs ?? sorted[i + 1]?.startMs ?? endMs) }))
    .filter(({ startMs, endMs: end }) => end > startMs);
}
