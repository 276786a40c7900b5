import { BatonError } from '../errors.ts';
import type { Bytes, Seconds } from '../units.ts';
import { ADTS_FRAMES, type AdtsHeader } from './adts.ts';
import { type Frame, type FrameFormat, type FrameHeader, frameWalker } from './frame-walker.ts';
import { MP3_FRAMES, type Mp3Header } from './mp3.ts';
import type { TimeMark } from './ts-pes.ts';

/** The frames of a segment. */
export type SegmentFrames =
  | { readonly kind: 'adts'; readonly frames: readonly TimedFrame<AdtsHeader>[]; readonly rest: Uint8Array }
  | { readonly kind: 'mp3'; readonly frames: readonly TimedFrame<Mp3Header>[]; readonly rest: Uint8Array };

export interface TimedFrame<H> {
  readonly header: H;
  readonly bytes: Uint8Array;
  /** Null where no time stamp is its own. */
  readonly at: Seconds | null;
}

/**
 * Splits the sound of a segment into frames of ADTS or MP3, whichever there are. `rest` is a frame that ends in the next
 * segment, some packagers cut so; given as `carry` with that one, it is whole. Null where no frames are found.
 * Throws SOURCE_DAMAGED for more frames than any segment has: each takes a hundred times its shortest bytes.
 *
 * @param marks offsets in `bytes` at which time stamps hold for the frame that starts there, or next
 */
export function splitSegment(bytes: Uint8Array, marks: readonly TimeMark[], carry: Uint8Array): SegmentFrames | null {
  const adts = framesOf(ADTS_FRAMES, bytes, marks, carry);
  if (covered(adts) > bytes.length / 2) return { kind: 'adts', ...adts };
  const mp3 = framesOf(MP3_FRAMES, bytes, marks, carry);
  if (adts.frames.length === 0 && mp3.frames.length === 0) return null;
  return covered(mp3) > covered(adts) ? { kind: 'mp3', ...mp3 } : { kind: 'adts', ...adts };
}

interface Split<H> {
  readonly frames: readonly TimedFrame<H>[];
  readonly rest: Uint8Array;
}

const covered = ({ frames }: Split<unknown>): Bytes => frames.reduce((sum, frame) => sum + frame.bytes.length, 0);

function framesOf<H extends FrameHeader>(
  format: FrameFormat<H>,
  bytes: Uint8Array,
  marks: readonly TimeMark[],
  carry: Uint8Array,
): Split<H> {
  const carried = continues(format, carry, bytes) ? carry.length : 0;
  const all = carried > 0 ? Buffer.concat([carry, bytes]) : bytes;
  const walker = frameWalker(format);
  const found: Frame<H>[] = [];
  for (let at = 0; at < all.length; at += PIECE) {
    found.push(...walker.push(all.subarray(at, at + PIECE)));
    if (found.length > MOST_FRAMES) throw new BatonError('SOURCE_DAMAGED', `more than ${MOST_FRAMES} frames`);
  }
  const known = endOf(found);
  const rest = restOf(format, found, all.subarray(known));
  if (rest.length === 0) found.push(...walker.end());
  return { frames: timed(found, marks, carried), rest: rest.slice() };
}

/** At 48 kHz, of AAC more than half an hour. */
const MOST_FRAMES = 100_000;
const PIECE: Bytes = 64 * 1024;

/** Whether a frame that begins as `carry` and goes on with `bytes` is followed by another one. */
function continues<H extends FrameHeader>(format: FrameFormat<H>, carry: Uint8Array, bytes: Uint8Array): boolean {
  if (carry.length === 0) return false;
  const joined = Buffer.concat([carry, bytes.subarray(0, format.maxFrameBytes + format.headerBytes)]);
  const header = format.read(joined, 0);
  if (header === null || header.frameBytes <= carry.length) return false;
  const next = format.read(joined, header.frameBytes);
  return next !== null && format.isSame(header, next);
}

/** What behind the last frame may be the start of another. */
function restOf<H extends FrameHeader>(
  format: FrameFormat<H>,
  found: readonly Frame<H>[],
  behind: Uint8Array,
): Uint8Array {
  const last = found.at(-1);
  if (last === undefined || behind.length === 0) return NOTHING;
  const header = format.read(behind, 0);
  const isCut = header !== null && format.isSame(last.header, header) && header.frameBytes > behind.length;
  const isCutInHead = behind.length < format.headerBytes && behind[0] === 0xff;
  return isCut || isCutInHead ? behind : NOTHING;
}

const NOTHING = new Uint8Array();

const endOf = (frames: readonly Frame<FrameHeader>[]): Bytes => {
  const last = frames.at(-1);
  return last === undefined ? 0 : last.offset + last.bytes.length;
};

/** A mark is for the first frame that starts at or behind it; of several for one frame, the last holds. */
function timed<H extends FrameHeader>(
  frames: readonly Frame<H>[],
  marks: readonly TimeMark[],
  carried: Bytes,
): TimedFrame<H>[] {
  let next = 0;
  return frames.map(({ header, bytes, offset }) => {
    let at: Seconds | null = null;
    for (let mark = marks[next]; mark !== undefined && mark.offset <= offset - carried; mark = marks[++next])
      at = mark.at;
    return { header, bytes, at };
  });
}
