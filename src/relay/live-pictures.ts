import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import { CHANNEL_RATE, chunkSamples } from '../grid/live.ts';
import type { LiveStream } from '../live/live-stream.ts';
import { markFor, type PictureMark } from '../live/picture-mark.ts';
import { fragmentsIn, type VideoTrack } from '../media/fmp4-video.ts';
import type { Milliseconds, Seconds } from '../units.ts';

/** Where the pictures begin that a listener gets first. */
export interface PictureStart {
  readonly index: number;
  readonly mark: PictureMark;
}

/** So many chunks before the one that is wanted a scene may have begun. */
const MOST_BACK = 10;
/** Players wait a little longer for an answer. */
const PATIENCE_MS: Milliseconds = 9_000;

/**
 * The chunk of pictures that is needed for what is shown in chunk `wanted`: the last one up to there that has any, else the
 * first one behind it. Throws SOURCE_NO_VIDEO where none come, and what making them fails with.
 */
export async function pictureStart(pictures: LiveStream, wanted: number, signal: AbortSignal): Promise<PictureStart> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PATIENCE_MS);
  const until = AbortSignal.any([signal, late.signal]);
  try {
    const index = (await lastUpTo(pictures, wanted, until)) ?? (await firstFrom(pictures, wanted, until));
    const mark = markOf(pictures, index);
    if (mark === null) throw new BatonError('SOURCE_NO_VIDEO', 'pictures without a format');
    return { index, mark };
  } catch (error) {
    if (!late.signal.aborted || signal.aborted) throw error;
    const isKnown = (pictures.channel.head.latest()?.pictures?.length ?? 0) > 0;
    throw new BatonError(isKnown ? 'SOURCE_TIMEOUT' : 'SOURCE_NO_VIDEO', 'no pictures in time', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** The last chunk before `index` that has any pictures; null where none is near. */
export async function earlierStart(
  pictures: LiveStream,
  index: number,
  signal: AbortSignal,
): Promise<PictureStart | null> {
  const earlier = index === 0 ? null : await lastUpTo(pictures, index - 1, signal);
  const mark = earlier === null ? null : markOf(pictures, earlier);
  return earlier === null || mark === null ? null : { index: earlier, mark };
}

/** What chunk `index` is made by. */
export function markOf({ channel, output }: LiveStream, index: number): PictureMark | null {
  const samples = chunkSamples(output.grid);
  return markFor(channel.head.latest()?.pictures ?? [], index * samples, (index + 1) * samples);
}

async function lastUpTo(pictures: LiveStream, wanted: number, signal: AbortSignal): Promise<number | null> {
  for (let index = wanted; index >= Math.max(0, wanted - MOST_BACK); index--) {
    const isThere = pictures.runs().some(([first, end]) => index >= first && index < end);
    const chunk = pictures.here(index) ?? (isThere ? await pictures.chunk(index, signal) : null);
    if (chunk === null) return null;
    if (chunk.filled() > 0) return index;
    if (chunk.complete() === null) return null;
  }
  return null;
}

async function firstFrom(pictures: LiveStream, wanted: number, signal: AbortSignal): Promise<number> {
  for (let index = wanted; ;) {
    const [first = wanted] = pictures.runs().at(-1) ?? [];
    while (pictures.isLost(index)) index = Math.max(index + 1, first);
    const chunk = await pictures.chunk(index, signal);
    if (chunk === null) {
      await sleep(LOOK_MS, undefined, { signal });
      continue;
    }
    for await (const bytes of chunk.follow(0, Infinity, signal)) if (bytes.length > 0) return index;
    index += 1;
  }
}

const LOOK_MS: Milliseconds = 100;

/** When the first picture of chunk `index` is shown; where the chunk begins, if it has none. */
export async function firstShown(
  pictures: LiveStream,
  index: number,
  { timescale, mediaTime = 0 }: VideoTrack,
  signal: AbortSignal,
): Promise<Seconds> {
  const chunk = await pictures.chunk(index, signal);
  if (chunk !== null)
    for await (const bytes of chunk.follow(0, Infinity, signal))
      for (const { shownAt } of fragmentsIn(bytes)) return (shownAt - mediaTime) / timescale;
  return (index * chunkSamples(pictures.output.grid)) / CHANNEL_RATE;
}
