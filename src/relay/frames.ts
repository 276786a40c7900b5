import { play } from '../encode/play.ts';
import type { Ends } from '../encode/play-chunks.ts';
import { playFrames, type FrameRange } from '../encode/play-frames.ts';
import { BatonError } from '../errors.ts';
import { planChunk } from '../grid/chunk.ts';
import type { ByteRange, Frames, Samples } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { framesBytes } from './encoded-file.ts';
import { oggPages } from './ogg-pages.ts';
import type { EncodedFrames, VirtualFile } from './virtual-file.ts';

/** The bytes of a file's frames, and of the pages they lie on, in `range`, counted from the first frame. */
export function frameBytes(
  wanted: VirtualFile,
  range: ByteRange,
  baton: Baton,
  { meter }: Notes,
  ends: Ends,
): AsyncGenerator<Uint8Array, void> {
  const { frames, source } = wanted;
  if (frames.kind === 'encoded' && frames.pages !== null)
    return oggPages(frames, frames.pages, range, baton, meter, ends);
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

/** All frames of a file whose length is not known yet, as its bytes. */
export async function* growingFrames(
  wanted: VirtualFile,
  baton: Baton,
  notes: Notes,
  ends: Ends,
): AsyncGenerator<Uint8Array, void> {
  const { frames } = wanted;
  if (frames.kind === 'relayed')
    return yield* frameBytes(wanted, { start: 0, end: frames.range.end - frames.range.start }, baton, notes, ends);
  const { timeline } = frames.output;
  const bytesOf = (count: Frames): number => framesBytes(timeline, count, frames.pages !== null);
  for await (const { file, from, to } of certainFrames(wanted, frames, 0, baton, notes, ends)) {
    const end = to === null ? (file.size ?? 0) - file.head.length : bytesOf(to);
    yield* frameBytes(file, { start: bytesOf(from), end }, baton, notes, ends);
  }
}

/**
 * Frames of an encoded file from `from` on, in order, as runs of whole frames as soon as they are there, whether its
 * length is known or not. Throws as `playFrames`, and what reading the source throws.
 */
export async function* frameRuns(
  wanted: VirtualFile,
  from: Frames,
  baton: Baton,
  notes: Notes,
  ends: Ends,
): AsyncGenerator<readonly Uint8Array[], void> {
  const { frames } = wanted;
  if (frames.kind === 'relayed') throw new BatonError('INTERNAL', 'frames of a source are not on the grid');
  for await (const { file, ...range } of certainFrames(wanted, frames, from, baton, notes, ends))
    if (file.frames.kind === 'encoded') yield* playFrames(file.frames.output, range, baton, notes.meter, ends);
}

/** A stretch of frames, and the file as it is known by then. */
interface CertainFrames extends FrameRange {
  readonly file: VirtualFile;
}

/**
 * What can be played from `from` on: all of it where the length is known. Else the chunks that the source reaches for
 * certain, as far as that is known, then those behind; and the rest when the index knows where it ends.
 */
async function* certainFrames(
  wanted: VirtualFile,
  { output }: EncodedFrames,
  from: Frames,
  baton: Baton,
  { meter }: Notes,
  ends: Ends,
): AsyncGenerator<CertainFrames, void> {
  const { timeline, source } = output;
  let position = from;
  if (timeline.frames === null) {
    const lastSample = (chunk: number): Samples => planChunk(timeline, source.record, chunk).to;
    let chunk = Math.floor(from / timeline.chunkFrames);
    for (let isFirst = true; ; isFirst = false) {
      const samples = await baton.sources.certain(source, lastSample(chunk), ends.signal, meter);
      const start = chunk;
      while (lastSample(chunk) <= samples) chunk++;
      if (chunk === start) break;
      if (!isFirst) ends.closing.throwIfAborted();
      const to = chunk * timeline.chunkFrames;
      yield { file: wanted, from: position, to };
      position = to;
    }
  }
  const isKnown = timeline.frames !== null;
  const file = isKnown ? wanted : wanted.measuredBy(await baton.sources.indexed(source, ends.signal, meter));
  yield { file, from: position, to: null };
}
