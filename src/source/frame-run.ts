import { type Frame, type FrameFormat, type FrameHeader, frameWalker } from '../media/frame-walker.ts';
import type { Bytes, Frames } from '../units.ts';

const RUN: Frames = 3;

/**
 * Frames that follow each other without a gap from `at` of `bytes` on, which stand at `offset` of the source. None when
 * there are less than three, or less than there are when the source ends with `bytes`.
 */
export function frameRun<H extends FrameHeader>(
  format: FrameFormat<H>,
  bytes: Uint8Array,
  at: number,
  offset: Bytes,
  isWhole: boolean,
): Frame<H>[] {
  const header = format.read(bytes, at);
  if (header === null || !startsRun(format, bytes, at, isWhole)) return [];
  const walker = frameWalker(format, header);
  const frames = walker.push(bytes.subarray(at));
  if (isWhole) frames.push(...walker.end());
  const gap = frames.findIndex((frame, i) => i > 0 && frame.offset !== endOf(frames[i - 1]));
  const run = gap < 0 ? frames : frames.slice(0, gap);
  return run.map((frame) => ({ ...frame, offset: offset + at + frame.offset }));
}

function startsRun<H extends FrameHeader>(
  { read, isSame }: FrameFormat<H>,
  bytes: Uint8Array,
  start: number,
  isWhole: boolean,
): boolean {
  const first = read(bytes, start);
  let at = start;
  let header = first;
  for (let count = 1; first !== null && header !== null; count++) {
    if (count === RUN) return true;
    at += header.frameBytes;
    if (isWhole && at >= bytes.length) return at === bytes.length;
    header = read(bytes, at);
    if (header !== null && !isSame(first, header)) return false;
  }
  return false;
}

const endOf = (frame: Frame<FrameHeader> | undefined): Bytes => (frame ? frame.offset + frame.bytes.length : 0);
