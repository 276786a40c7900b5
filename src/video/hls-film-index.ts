import { BatonError, hasCode } from '../errors.ts';
import type { PictureCoding } from '../media/picture-entry.ts';
import type { HlsPictures } from '../source/hls-pictures.ts';
import type { FirstPicture, PictureSegments } from '../source/picture-segments.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Hertz, Seconds } from '../units.ts';
import { inTurns } from './in-turns.ts';

/** What is known of the segments of a film without reading all of them. */
export interface HlsFilmIndex {
  /** Of the longest stretch. */
  readonly coding: PictureCoding;
  readonly rate: number;
  readonly timescale: Hertz;
  /** What each segment begins with; null where it has no pictures. */
  readonly firsts: readonly (FirstPicture | null)[];
  /** The last segment with pictures, and when the last of them ends, by its time stamps. */
  readonly end: { readonly number: number; readonly at: Seconds };
}

/** A day of segments of four seconds. */
const MOST_SEGMENTS = 21_600;
/** Asked for at once. */
const AT_ONCE = 6;
const MOST_TRIED = 4;

/**
 * Reads the beginning of each segment, and all of two of them. Throws SOURCE_NO_VIDEO only where segments were read and had
 * none, SOURCE_TOO_LARGE, and what reading does.
 */
export async function scanSegments(
  segments: PictureSegments,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<HlsFilmIndex> {
  const { list } = segments;
  if (list.length > MOST_SEGMENTS) throw new BatonError('SOURCE_TOO_LARGE', `${list.length} segments`);
  const { coding, rate, timescale } = await modelOf(segments, signal, meter);
  const first = (number: number, stop: AbortSignal) => segments.first(number, coding, stop, meter);
  const firsts = await inTurns(list.length, AT_ONCE, first, signal);
  const numbers = [...firsts.keys()].filter((number) => firsts[number] !== null);
  const last = await firstWhole(numbers.slice(-MOST_TRIED).toReversed(), segments, coding, signal, meter);
  if (last === null) throw new BatonError('SOURCE_DAMAGED', 'pictures that were there before');
  const at = Math.max(...last.found.pictures.map((picture) => picture.at)) + 1 / rate;
  return { coding, rate, timescale, firsts, end: { number: last.number, at: at + wrapOf(last, firsts) } };
}

/** The first segment with pictures of those that all others are like. */
async function modelOf(segments: PictureSegments, signal: AbortSignal, meter?: SourceMeter): Promise<HlsPictures> {
  let failure: unknown = new BatonError('SOURCE_DAMAGED', 'no segment that is not a gap');
  let isWithout = segments.main.length > 0;
  for (const number of segments.main.slice(0, MOST_TRIED)) {
    try {
      return await segments.model(number, signal, meter);
    } catch (error) {
      signal.throwIfAborted();
      if (hasCode(error, 'SOURCE_NO_VIDEO', 'VIDEO_UNSUPPORTED')) continue;
      if (!hasCode(error, 'SOURCE_MISSING', 'SOURCE_DAMAGED')) throw error;
      [failure, isWithout] = [error, false];
    }
  }
  throw isWithout ? new BatonError('SOURCE_NO_VIDEO', 'no segment with pictures') : failure;
}

async function firstWhole(
  numbers: readonly number[],
  segments: PictureSegments,
  known: PictureCoding,
  signal: AbortSignal,
  meter?: SourceMeter,
) {
  for (const number of numbers) {
    const found = await segments.read(number, null, known, signal, meter);
    if (found !== null) return { number, found };
  }
  return null;
}

/** Its stamps are unwrapped from the first picture on, as they stand in `firsts`. */
const wrapOf = (
  { number, found }: NonNullable<Awaited<ReturnType<typeof firstWhole>>>,
  firsts: HlsFilmIndex['firsts'],
): Seconds => (firsts[number]?.at ?? 0) - (found.pictures[0]?.at ?? 0);

/** The index as JSON. */
export function encodeFilmIndex(index: HlsFilmIndex): Uint8Array {
  const { coding } = index;
  const config = coding.config && Buffer.from(coding.config).toString('base64');
  return Buffer.from(JSON.stringify({ ...index, coding: { ...coding, config } }));
}

/** The index in `bytes`; null when they hold none. */
export function decodeFilmIndex(bytes: Uint8Array): HlsFilmIndex | null {
  try {
    const { coding, ...index } = JSON.parse(Buffer.from(bytes).toString()) as Stored;
    const config = coding.config === null ? null : new Uint8Array(Buffer.from(coding.config, 'base64'));
    return { ...index, coding: { ...coding, config } };
  } catch {
    return null;
  }
}

type Stored = Omit<HlsFilmIndex, 'coding'> & {
  readonly coding: Omit<PictureCoding, 'config'> & { readonly config: string | null };
};
