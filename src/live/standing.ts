import { fragmentsIn, samplesIn } from '../media/fmp4-video.ts';
import type { PictureFacts } from '../media/picture-facts.ts';
import type { Samples } from '../units.ts';
import type { HeadFile } from './head-file.ts';
import { markFor, sameConfig, type PictureMark } from './picture-mark.ts';
import { DECODED_AHEAD } from './picture-plan.ts';
import type { Ticks } from './picture-time.ts';
import type { ChannelPicture } from './reel.ts';
import type { Shelf } from './shelf.ts';

/** What was shown last, and up to when it is decoded: for as long as nothing comes, it stands. */
export interface Standing {
  readonly key: ChannelPicture;
  readonly until: Ticks;
}

/** Where chunks of pictures are looked for. */
export interface ShownDeps {
  readonly head: HeadFile;
  readonly shelf: Shelf;
}

/** Scenes are no longer. */
const MOST_BACK = 10;

/**
 * What stands where chunk `index` of copied pictures begins, by the chunks before it: whoever takes over from another one
 * finds it there. Null where they are not to be had, or for another decoder.
 */
export async function standingBefore(
  index: number,
  facts: PictureFacts,
  samples: Samples,
  deps: ShownDeps,
  signal: AbortSignal,
): Promise<Standing | null> {
  const shown = await lastShown(index, samples, deps, signal);
  return shown !== null && sameConfig(shown.mark.facts, facts) ? standingIn(shown.chunk) : null;
}

/** The last chunk before `index` that shows anything, and what it was made by; null where that is not to be had. */
export async function lastShown(
  index: number,
  samples: Samples,
  { head, shelf }: ShownDeps,
  signal: AbortSignal,
): Promise<{ readonly chunk: Uint8Array; readonly mark: PictureMark } | null> {
  for (let before = index - 1; before >= Math.max(0, index - MOST_BACK); before--) {
    const mark = markFor(head.latest()?.pictures ?? [], before * samples, (before + 1) * samples);
    const chunk = mark && (await shelf.find(before, signal))?.complete();
    if (mark === null || chunk == null) return null;
    if (chunk.length > 0) return { chunk, mark };
  }
  return null;
}

function standingIn(chunk: Uint8Array): Standing | null {
  let key: ChannelPicture | null = null;
  let until: Ticks = 0;
  for (const fragment of fragmentsIn(chunk)) {
    until = fragment.decodeTime - DECODED_AHEAD;
    for (const { bytes, duration, shownAfter, isKey } of samplesIn(fragment)) {
      if (isKey) key = { bytes, decodedAt: until, shownAt: until + shownAfter, isKey };
      until += duration;
    }
  }
  return key && { key, until };
}
