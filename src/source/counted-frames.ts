import type { Frame, FrameHeader, FrameWalker } from '../media/frame-walker.ts';
import type { Bytes, Frames } from '../units.ts';
import type { IndexScan } from './index-scan.ts';
import type { SourceMeter, ReadBytes } from './reader.ts';
import type { Place } from './seek-index.ts';

/** A source whose frames are found by counting them. */
export interface Counted<H extends FrameHeader> {
  readonly scan: IndexScan;
  readonly read: ReadBytes;
  /** From the start of a frame on. */
  readonly walk: () => FrameWalker<H>;
  readonly audioEnd: Bytes;
  /** Of a frame, where none has been seen yet, and of the longest. */
  readonly typicalBytes: Bytes;
  readonly maxBytes: Bytes;
}

/** A known place at or before `frame`, as soon as there is one; null beyond the end. */
export async function locate(
  { scan }: Pick<Counted<FrameHeader>, 'scan'>,
  frame: Frames,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Place | null> {
  const known = scan.index.locate(frame);
  if (known !== null || scan.index.complete) return known;
  await scan.reach(frame, signal, meter);
  return scan.index.locate(frame);
}

/** The frames [first, end), read from a known place on; the index learns of them. */
export async function* countedFrames<H extends FrameHeader>(
  counted: Counted<H>,
  place: Place | null,
  first: Frames,
  end: Frames,
  signal: AbortSignal,
  meter?: SourceMeter,
): AsyncGenerator<Uint8Array, void> {
  if (place === null) return;
  const { scan, read, audioEnd } = counted;
  const walker = counted.walk();
  let frame = place.frame;
  let at = place.offset;
  const wanted = function* (frames: readonly Frame<H>[]): Generator<Uint8Array> {
    for (const { offset, bytes } of frames) {
      const start = place.offset + offset;
      scan.index.note(frame, start, start + bytes.length);
      if (frame >= first && frame < end) yield bytes;
      frame++;
    }
    scan.noticed();
  };
  while (frame < end && at < audioEnd) {
    const stop = Math.min(audioEnd, Math.max(at + 1, bytesUpTo(counted, frame, end, at)));
    for await (const piece of read({ start: at, end: stop }, signal, meter)) {
      at += piece.length;
      yield* wanted(walker.push(piece));
      if (frame >= end) return;
    }
    if (at < stop) break; // the source ends here
  }
  yield* wanted(walker.end());
}

/** Where frame `end` starts: exactly where the index knows it, else by the frames so far and a little more. */
function bytesUpTo<H extends FrameHeader>(
  { scan: { index }, typicalBytes, maxBytes }: Counted<H>,
  frame: Frames,
  end: Frames,
  at: Bytes,
): Bytes {
  const next = index.locate(Math.ceil(end / 32) * 32);
  if (next !== null) return next.offset;
  if (index.complete) return index.end;
  const start = index.locate(0)?.offset ?? 0;
  const average = index.frames > 0 ? (index.end - start) / index.frames : typicalBytes;
  return at + Math.ceil((end - frame) * average * 1.1) + maxBytes;
}
