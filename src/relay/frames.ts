import { play, type Ends } from '../encode/play.ts';
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
  ends: Ends,
): AsyncGenerator<Uint8Array, void> {
  const { frames, source } = wanted;
  if (frames.kind === 'encoded') return play(frames.output, range, baton, meter, ends);
  const ofSource = { start: frames.range.start + range.start, end: frames.range.start + range.end };
  return relayed(baton.sources.bytes(source, ofSource, ends.signal, meter), range, ends.closing);
}

/** `bytes` of `range` until `closing`; frames of a source have no chunks. */
async function* relayed(
  bytes: AsyncIterable<Uint8Array>,
  range: ByteRange,
  closing: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let position = range.start;
  for await (const piece of bytes) {
    position += piece.length;
    yield piece;
    if (position < range.end) closing.throwIfAborted();
  }
}

/**
 * All frames of a file whose length is not known yet: the chunks that the source reaches for certain, as far as that is
 * known, then those behind; and the rest when the index knows where it ends.
 */
export async function* growingFrames(
  wanted: VirtualFile,
  baton: Baton,
  notes: Notes,
  ends: Ends,
): AsyncGenerator<Uint8Array, void> {
  const { frames, source } = wanted;
  if (frames.kind === 'relayed')
    return yield* frameBytes(wanted, { start: 0, end: frames.range.end - frames.range.start }, baton, notes, ends);
  const bytesPerChunk = CHUNK_FRAMES * frames.output.timeline.frameBytes;
  const lastSample = (chunk: number): Samples => planChunk(frames.output.timeline, source.record, chunk).to;
  let chunk = 0;
  for (;;) {
    const samples = await baton.sources.certain(source, lastSample(chunk), ends.signal, notes.meter);
    const start = chunk;
    while (lastSample(chunk) <= samples) chunk++;
    if (chunk === start) break;
    if (start > 0) ends.closing.throwIfAborted();
    yield* frameBytes(wanted, { start: start * bytesPerChunk, end: chunk * bytesPerChunk }, baton, notes, ends);
  }
  const whole = wanted.measuredBy(await baton.sources.indexed(source, ends.signal, notes.meter));
  const end = whole.size === null ? 0 : whole.size - whole.head.length;
  yield* frameBytes(whole, { start: chunk * bytesPerChunk, end }, baton, notes, ends);
}
