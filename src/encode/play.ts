import { BatonError } from '../errors.ts';
import { chunkBytes } from '../grid/chunk.ts';
import { chunkCount, type Timeline } from '../grid/timeline.ts';
import type { ByteRange, Bytes } from '../units.ts';
import type { EncodeMeter, Output } from './output.ts';
import { playChunks, type ChunkSpan, type Ends, type PlayDeps } from './play-chunks.ts';

/**
 * The bytes of an output's frames in `range`, chunk after chunk; of a codec whose frames are of one size. Throws as
 * `playChunks`.
 */
export async function* play(
  output: Output,
  range: ByteRange,
  deps: PlayDeps,
  meter: EncodeMeter,
  ends: Ends,
): AsyncGenerator<Uint8Array, void> {
  const { timeline } = output;
  const size = timeline.chunkFrames * bytesOfFrame(timeline);
  const first = Math.floor(range.start / size);
  const end = Math.min(chunkCount(timeline), Math.ceil(range.end / size));
  const spanOf = (index: number): ChunkSpan => ({
    start: Math.max(0, range.start - index * size),
    end: Math.min(chunkBytes(timeline, index) ?? Infinity, range.end - index * size),
  });
  for await (const { bytes } of playChunks(output, { first, end, spanOf }, deps, meter, ends)) yield bytes;
}

function bytesOfFrame({ codec, frameBytes }: Timeline): Bytes {
  if (frameBytes === null) throw new BatonError('INTERNAL', `frames of ${codec} differ in size`);
  return frameBytes;
}
