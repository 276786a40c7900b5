import { play } from '../encode/play.ts';
import { planChunk } from '../grid/chunk.ts';
import { CHUNK_FRAMES } from '../grid/timeline.ts';
import { leastSamples } from '../source/record.ts';
import type { ByteRange } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import type { EncodedFrames, VirtualFile } from './virtual-file.ts';

/** The bytes of a file's frames in `range`, counted from the first frame. */
export function frameBytes(
  wanted: VirtualFile,
  range: ByteRange,
  baton: Baton,
  { meter }: Notes,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { frames, source } = wanted;
  if (frames.kind === 'encoded') return play(frames.output, range, baton, meter, signal);
  const { start } = frames.range;
  return baton.sources.bytes(source, { start: start + range.start, end: start + range.end }, signal, meter);
}

/**
 * All frames of a file whose length is not known yet. Chunks that the source certainly reaches, going by its size, come
 * at once; by then the index knows where it ends.
 */
export async function* growingFrames(
  wanted: VirtualFile,
  baton: Baton,
  notes: Notes,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { frames, source } = wanted;
  if (frames.kind === 'relayed')
    return yield* frameBytes(wanted, { start: 0, end: frames.range.end - frames.range.start }, baton, notes, signal);
  const bytesPerChunk = CHUNK_FRAMES * frames.output.timeline.frameBytes;
  const certain = certainChunks(frames, leastSamples(source.record)) * bytesPerChunk;
  yield* frameBytes(wanted, { start: 0, end: certain }, baton, notes, signal);
  const whole = wanted.measuredBy(await baton.sources.indexed(source, signal, notes.meter));
  if (whole.size !== null)
    yield* frameBytes(whole, { start: certain, end: whole.size - whole.head.length }, baton, notes, signal);
}

function certainChunks({ output }: EncodedFrames, samples: number): number {
  let chunks = 0;
  while (planChunk(output.timeline, output.source.record, chunks).to <= samples) chunks++;
  return chunks;
}
