import { play } from '../encode/play.ts';
import { planChunk } from '../grid/chunk.ts';
import { CHUNK_FRAMES } from '../grid/timeline.ts';
import type { ByteRange, Samples } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import type { VirtualFile } from './virtual-file.ts';

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
 * All frames of a file whose length is not known yet: the chunks that the source reaches for certain, as far as that is
 * known, then those behind; and the rest when the index knows where it ends.
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
  const lastSample = (chunk: number): Samples => planChunk(frames.output.timeline, source.record, chunk).to;
  let chunk = 0;
  for (;;) {
    const samples = await baton.sources.certain(source, lastSample(chunk), signal, notes.meter);
    const start = chunk;
    while (lastSample(chunk) <= samples) chunk++;
    if (chunk === start) break;
    yield* frameBytes(wanted, { start: start * bytesPerChunk, end: chunk * bytesPerChunk }, baton, notes, signal);
  }
  const whole = wanted.measuredBy(await baton.sources.indexed(source, signal, notes.meter));
  const end = whole.size === null ? 0 : whole.size - whole.head.length;
  yield* frameBytes(whole, { start: chunk * bytesPerChunk, end }, baton, notes, signal);
}
