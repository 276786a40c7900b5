import type { Growing } from '../encode/growing.ts';
import { frameSplitter } from '../encode/packed-frames.ts';
import type { Timeline } from '../grid/timeline.ts';
import { fragment, type Track } from '../media/fmp4.ts';
import type { Frames, Milliseconds } from '../units.ts';

const MOST_MS: Milliseconds = 500;

/** Frames in a fragment of a live chunk, which is cut into equal ones of at most 500 ms; the last one may be shorter. */
export function fragmentFrames({ chunkFrames, frameSamples, sampleRate }: Timeline): Frames {
  const most = Math.floor((MOST_MS * sampleRate) / 1000 / frameSamples);
  return Math.ceil(chunkFrames / Math.ceil(chunkFrames / most));
}

/** Made once for all listeners of a chunk. */
const known = new WeakMap<Uint8Array, Uint8Array>();

/** The fragments of a complete chunk, one behind the other. */
export function wholeFragments(bytes: Uint8Array, index: number, timeline: Timeline, track: Track): Uint8Array {
  const made =
    known.get(bytes) ?? cut(frameSplitter(timeline.frameBytes)(bytes), index * timeline.chunkFrames, timeline, track);
  known.set(bytes, made);
  return made;
}

/** The fragments of a chunk that is being made: of what is there at first at once, then as those of a complete one. */
export async function* growingFragments(
  chunk: Growing,
  index: number,
  timeline: Timeline,
  track: Track,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const size = fragmentFrames(timeline);
  const split = frameSplitter(timeline.frameBytes);
  let pending: Uint8Array[] = [];
  let next = 0;
  for await (const bytes of chunk.follow(0, Infinity, signal)) {
    pending.push(...split(bytes));
    while (pending.length > 0) {
      const room = size - (next % size);
      const isDue = next === 0 || pending.length >= room;
      if (!isDue) break;
      const frames = pending.slice(0, room);
      pending = pending.slice(room);
      yield at(frames, index * timeline.chunkFrames + next, timeline, track);
      next += frames.length;
    }
  }
  if (pending.length > 0) yield at(pending, index * timeline.chunkFrames + next, timeline, track);
}

function cut(frames: readonly Uint8Array[], first: Frames, timeline: Timeline, track: Track): Uint8Array {
  const size = fragmentFrames(timeline);
  const starts = Array.from({ length: Math.ceil(frames.length / size) }, (_, index) => index * size);
  return Buffer.concat(starts.map((start) => at(frames.slice(start, start + size), first + start, timeline, track)));
}

const at = (frames: readonly Uint8Array[], first: Frames, { frameSamples }: Timeline, track: Track): Uint8Array =>
  fragment({ sequence: first + 1, decodeTime: first * frameSamples, frames }, track);
