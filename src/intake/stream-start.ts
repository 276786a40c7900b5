import { ADTS_FRAMES, type AdtsHeader } from '../media/adts.ts';
import type { Effort } from '../media/effort.ts';
import type { FrameFormat, FrameHeader } from '../media/frame-walker.ts';
import { MP3_FRAMES } from '../media/mp3.ts';
import { readOggPage } from '../media/ogg-read.ts';
import type { Frames } from '../units.ts';
import type { CodedUnit } from './coded-units.ts';

/**
 * The unit of a certain stream that stands at `at`: null when there is none, 'more' when it is not all there. `isEnd`:
 * nothing follows `bytes`. What is looked at counts as `spent`.
 */
export type ReadUnit = (bytes: Uint8Array, at: number, isEnd: boolean, spent: Effort) => CodedUnit | 'more' | null;

/**
 * How the units of the stream that begins at `at` are read: one of MP3 or ADTS by three like frames, or as many as there
 * are up to the end; one of Ogg by a page. Null where none begins, 'more' where it cannot be told yet.
 */
export function streamAt(bytes: Uint8Array, at: number, isEnd: boolean, spent: Effort): ReadUnit | 'more' | null {
  spent.spend(1);
  if (bytes[at] === 0x4f) {
    const page = readOggPage(bytes, at, spent);
    if (page === 'more') return isEnd ? null : 'more';
    return page && readPage;
  }
  if (bytes[at] !== 0xff) return null;
  const mp3 = runAt(MP3_FRAMES, bytes, at, isEnd);
  if (mp3 === 'more') return mp3;
  if (mp3 !== null) return reading(MP3_FRAMES, mp3, (header, frame) => ({ kind: 'mp3', header, bytes: frame }));
  const adts = runAt(ADTS, bytes, at, isEnd);
  if (adts === null || adts === 'more') return adts;
  return reading(ADTS, adts, (header, frame) => ({ kind: 'adts', header, bytes: frame }));
}

/** Whether one decoder takes both frames; each may have another number of blocks. */
export const sameAdtsDecoder = (a: AdtsHeader, b: AdtsHeader): boolean =>
  a.rateIndex === b.rateIndex && a.channelConfig === b.channelConfig && a.objectType === b.objectType;

const ADTS: FrameFormat<AdtsHeader> = { ...ADTS_FRAMES, isSame: sameAdtsDecoder };
const RUN: Frames = 3;

const readPage: ReadUnit = (bytes, at, _, spent) => {
  const page = readOggPage(bytes, at, spent);
  return page === null || page === 'more' ? page : { kind: 'ogg', page, bytes: bytes.subarray(at, at + page.length) };
};

/** The header of the first of the frames. */
function runAt<H extends FrameHeader>(
  format: FrameFormat<H>,
  bytes: Uint8Array,
  start: number,
  isEnd: boolean,
): H | 'more' | null {
  const first = format.read(bytes, start);
  let at = start;
  for (let count = 0; count < RUN; count++) {
    if (at + format.headerBytes > bytes.length) {
      if (!isEnd) return 'more';
      return at === bytes.length ? first : null;
    }
    const header = format.read(bytes, at);
    if (header === null || (first !== null && !format.isSame(first, header))) return null;
    at += header.frameBytes;
  }
  return first;
}

/**
 * Frames like `first`. One that another does not follow counts if nothing begins in it: else it was cut off, as where a
 * server goes over to another encoder.
 */
function reading<H extends FrameHeader>(
  format: FrameFormat<H>,
  first: H,
  unitOf: (header: H, bytes: Uint8Array) => CodedUnit,
): ReadUnit {
  const isLike = (header: H | null): header is H => header !== null && format.isSame(first, header);
  return (bytes, at, isEnd, spent) => {
    if (at + format.headerBytes > bytes.length) return 'more';
    const header = format.read(bytes, at);
    if (!isLike(header)) return null;
    const next = at + header.frameBytes;
    if (next > bytes.length) return 'more';
    const isLast = next + format.headerBytes > bytes.length;
    if (isLast && !isEnd) return 'more';
    const cut = isLast || isLike(format.read(bytes, next)) ? null : beginsIn(bytes, at + 1, next, isEnd, spent);
    if (cut === null) return unitOf(header, bytes.subarray(at, next));
    return cut === 'more' ? cut : null;
  };
}

/** The first stream that begins in [start, end). */
function beginsIn(
  bytes: Uint8Array,
  start: number,
  end: number,
  isEnd: boolean,
  spent: Effort,
): ReadUnit | 'more' | null {
  for (let at = start; at < end; at++) {
    const found = streamAt(bytes, at, isEnd, spent);
    if (found !== null) return found;
  }
  return null;
}
