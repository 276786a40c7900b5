import type { Chapter } from '../playback.ts';
import { chapterAt } from './chapter-at.ts';
import type { ShowChapters } from './chapter-track.ts';

/** Notes which chapter is heard, and keeps a text track of them all. */
export interface ChapterNotes {
  fill(chapters: readonly Chapter[], duration: number): void;
  /** The chapter that begins to be heard at `seconds`; null while it stays the same, or there is none. */
  move(seconds: number): Chapter | null;
}

/** Track and marks are made when there are chapters at last; `marks` lies over the position slider. */
export function createChapterNotes(audio: HTMLMediaElement, marks: () => HTMLElement): ChapterNotes {
  let show: ShowChapters | null = null;
  let chapters: readonly Chapter[] = [];
  let duration = Number.NaN;
  let at = -1;

  async function showAll(): Promise<void> {
    const { createChapterTrack } = await import('./reader.ts');
    show ??= createChapterTrack(audio, marks());
    show(chapters, duration);
  }

  return {
    fill(next, nextDuration) {
      if (next === chapters && Object.is(nextDuration, duration)) return;
      if (next !== chapters) at = -1;
      [chapters, duration] = [next, nextDuration];
      if (show !== null || next.length > 0) showAll().catch(() => undefined);
    },
    move(seconds) {
      const now = chapterAt(chapters, seconds);
      if (now === at) return null;
      at = now;
      return chapters[now] ?? null;
    },
  };
}
