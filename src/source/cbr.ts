import { MAX_FRAME_BYTES, type Mp3Header, mp3Walker, readMp3Header, sameStream } from '../media/mp3.ts';
import type { ByteRange, Bytes, Frames, Hertz, Kbps } from '../units.ts';

/** MP3 of one bitrate: padding keeps each frame within two bytes of where arithmetic puts it. */
export interface CbrGrid {
  /** Where frame 0 starts. */
  readonly start: Bytes;
  readonly kbps: Kbps;
  readonly sampleRate: Hertz;
  /** On average: a fraction where some frames are padded. */
  readonly frameBytes: Bytes;
}

/** Encoders begin the padding cycle at different frames. */
const DRIFT: Bytes = 2;
const HEADER_BYTES: Bytes = 4;
/** More frames than ever stand between two padded ones: 320 kbit/s at 11.025 kHz would take 49. */
const CYCLE: Frames = 49;

/** How far before the place of a frame one must begin to read to find its start for certain. */
export const CBR_SLACK: Bytes = 4;

/** Enough of the bytes from CBR_SLACK before a frame for `findCbrFrame`. */
export const CBR_WINDOW: Bytes = MAX_FRAME_BYTES + 2 * CBR_SLACK + HEADER_BYTES;

/** The grid that the first frames of a stream suggest: a few encoders leave the padding out that the rate asks for. */
export function cbrGrid(start: Bytes, headers: readonly Mp3Header[]): CbrGrid | null {
  const [first] = headers;
  if (first === undefined || headers.some(({ kbps }) => kbps !== first.kbps)) return null;
  const { kbps, sampleRate, frameSamples } = first;
  const exact = (frameSamples * 125 * kbps) / sampleRate;
  const padded = headers.length < CYCLE || headers.some(({ padding }) => padding === 1);
  return { start, kbps, sampleRate, frameBytes: padded ? exact : Math.floor(exact) };
}

/** Where frame `frame` starts, give or take the padding. */
export const cbrOffset = (grid: CbrGrid, frame: Frames): Bytes => grid.start + Math.floor(frame * grid.frameBytes);

/**
 * Where in `bytes` the frame is whose place by arithmetic is `expected`; null unless a header of the right rate stands
 * there and another one, or the end of the audio, right behind its frame.
 */
export function findCbrFrame(grid: CbrGrid, bytes: Uint8Array, expected: number, atEnd = false): number | null {
  const drift = driftOf(grid);
  for (let at = Math.max(0, expected - drift); at <= expected + drift; at++) {
    const header = readMp3Header(bytes, at);
    if (header === null || !fits(grid, header)) continue;
    const next = readMp3Header(bytes, at + header.frameBytes);
    if (next ? sameStream(header, next) : atEnd && at + header.frameBytes === bytes.length) return at;
  }
  return null;
}

/**
 * How many frames there are and where the last one ends, given the end of the audio: `tail` are the bytes of `range`,
 * which ends with the audio region. Null when they are not all where arithmetic puts them.
 */
export function countCbrFrames(
  grid: CbrGrid,
  tail: Uint8Array,
  range: ByteRange,
): { frames: Frames; end: Bytes } | null {
  let frame = Math.max(0, Math.ceil((range.start - grid.start + DRIFT) / grid.frameBytes));
  const first = findCbrFrame(grid, tail, cbrOffset(grid, frame) - range.start, true);
  if (first === null) return null;
  let at = first;
  for (; at + HEADER_BYTES <= tail.length; frame++) {
    const header = readMp3Header(tail, at);
    if (header === null || at + header.frameBytes > tail.length) break;
    if (!fits(grid, header)) return null;
    at += header.frameBytes;
  }
  const walker = mp3Walker(undefined, 'anywhere');
  const beyond = [...walker.push(tail.subarray(at)), ...walker.end()].some(
    ({ header }) => header.sampleRate === grid.sampleRate,
  );
  return beyond ? null : { frames: frame, end: range.start + at };
}

/** True when so many frames fill the audio region exactly, which no other bitrate can bring about by accident. */
export const fillsRegion = (grid: CbrGrid, frames: Frames, end: Bytes): boolean =>
  Math.abs(cbrOffset(grid, frames) - end) <= driftOf(grid);

const driftOf = ({ frameBytes }: CbrGrid): Bytes => (Number.isInteger(frameBytes) ? 0 : DRIFT);

const fits = ({ sampleRate, kbps }: CbrGrid, header: Mp3Header): boolean =>
  header.sampleRate === sampleRate && header.kbps === kbps;
