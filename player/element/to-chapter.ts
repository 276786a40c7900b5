import type { Deck } from './deck.ts';

/** Well into a chapter, a step back goes to its own start. In seconds. */
const RESTART_SECONDS = 3;
/** A seek lands a little before the place that it was meant for. */
const AT_START = 0.05;

/** Goes to the next (1) or previous (-1) chapter. False without chapters. */
export function toChapter({ playback, chapters }: Pick<Deck, 'playback' | 'chapters'>, by: number): boolean {
  const list = chapters();
  const at = list.findLastIndex(({ start }) => start <= playback.position() + AT_START);
  const isWellIn = playback.position() - (list[at]?.start ?? 0) > RESTART_SECONDS;
  const to = list[by < 0 && isWellIn ? at : Math.max(0, at + by)];
  if (to !== undefined) playback.seek(to.start);
  return list.length > 0;
}
