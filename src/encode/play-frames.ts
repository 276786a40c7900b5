import { chunkCount } from '../grid/timeline.ts';
import type { Frames } from '../units.ts';
import type { EncodeMeter, Output } from './output.ts';
import { frameSplitter } from './packed-frames.ts';
import { playChunks, type ChunkSpan, type Ends, type PlayDeps } from './play-chunks.ts';

/** Frames of an output, half-open; to its end where `to` is null. */
export interface FrameRange {
  readonly from: Frames;
  readonly to: Frames | null;
}

/**
 * Frames of an output in order, as runs of whole frames, as soon as they are there; never an empty run. Throws as
 * `playChunks`.
 */
export async function* playFrames(
  output: Output,
  range: FrameRange,
  deps: PlayDeps,
  meter: EncodeMeter,
  ends: Ends,
): AsyncGenerator<readonly Uint8Array[], void> {
  const { timeline } = output;
  const { chunkFrames, frameBytes } = timeline;
  const to = Math.min(range.to ?? Infinity, timeline.frames ?? Infinity);
  const first = Math.floor(range.from / chunkFrames);
  const end = Math.min(chunkCount(timeline), Math.ceil(to / chunkFrames));
  // Where frames differ in size a chunk has to be walked from its start.
  const spanOf = (index: number): ChunkSpan =>
    frameBytes === null
      ? { start: 0, end: Infinity }
      : {
          start: Math.max(0, range.from - index * chunkFrames) * frameBytes,
          end: Math.min(chunkFrames, to - index * chunkFrames) * frameBytes,
        };
  let [chunk, position] = [-1, 0];
  let split = frameSplitter(frameBytes);
  for await (const { index, bytes } of playChunks(output, { first, end, spanOf }, deps, meter, ends)) {
    if (index !== chunk) {
      chunk = index;
      position = index * chunkFrames + spanOf(index).start / (frameBytes ?? 1);
      split = frameSplitter(frameBytes);
    }
    const frames = split(bytes);
    const run = frames.slice(Math.max(0, range.from - position), Math.max(0, to - position));
    position += frames.length;
    if (run.length > 0) yield run;
  }
}
