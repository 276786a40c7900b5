import type { Timeline } from '../grid/timeline.ts';
import { fragment, type Track } from '../media/fmp4.ts';
import type { Frames } from '../units.ts';
import { lastOf } from './leg-writer.ts';
import { fragmentFrames } from './live-fragments.ts';

/**
 * Frames from `first` on, muxed into fragments that are the same however the frames come: a player may begin with the
 * first ones before the last ones are encoded. Leaving it stops `runs`.
 */
export async function* fragments(
  runs: AsyncIterable<readonly Uint8Array[]>,
  first: Frames,
  timeline: Timeline,
  track: Track,
): AsyncGenerator<Uint8Array, void> {
  const size = fragmentFrames(timeline);
  let next = first;
  let pending: Uint8Array[] = [];
  const flush = (count: Frames): Uint8Array => {
    const frames = pending.slice(0, count);
    pending = pending.slice(count);
    const begin = next;
    next += frames.length;
    const cut = timeline.samples === null ? {} : lastOf(next, timeline.samples, track);
    return fragment({ sequence: begin + 1, decodeTime: begin * timeline.frameSamples, frames, ...cut }, track);
  };
  for await (const run of runs) {
    pending.push(...run);
    while (pending.length >= size) yield flush(size);
  }
  if (pending.length > 0) yield flush(pending.length);
}
