import type { Chapter } from '../playback.ts';

/** Which of `chapters` is heard at `seconds`; -1 when none is. */
export const chapterAt = (chapters: readonly Chapter[], seconds: number): number =>
  chapters.findLastIndex(({ start, end }) => start <= seconds + AT_START && seconds < end);

/** A seek lands a little before the place that it was meant for. */
const AT_START = 0.05;
