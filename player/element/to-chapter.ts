import type { Deck } from './deck.ts';

/** Well into a chapter, a step back goes to its own start. In seconds. */
const RESTART_SECONDS = 3;

/** Goes to the next (1) or previous (-1) chapter. False without chapters. */
export function toChapter(
  { playback, chapters, chapterAt }: Pick<Deck, 'playback' | 'chapters' | 'chapterAt'>,
  by: number,
): boolean {
  const list = chapters();
  const at = chapterAt(playback.position());
  const isWellIn = playback.position() - (list[at]?.start ?? 0) > RESTART_SECONDS;
  const to = list[by < 0 && isWellIn ? at : Math.max(0, at + by)];
  if (to !== undefined) playback.seek(to.start);
  return list.length > 0;
}
