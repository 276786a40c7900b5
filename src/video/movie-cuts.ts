import { BatonError } from '../errors.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Seconds } from '../units.ts';
import type { CutPicture, FilmCuts, FilmFacts, FilmPiece } from './film.ts';
import { eachRange, type FilmBytes } from './film-bytes.ts';
import type { MovieIndex } from './movie-index.ts';
import { isBounded, isPlayable, LENGTH_BYTES, mayBeginAt, nextCut, UNSEEN } from './playable.ts';

const REORDERED = 16;

/**
 * Where the pictures of a movie may be cut and passed on as they are: at the first key picture at or after each multiple of
 * 6 s. Null where some player could not play them, or a piece would be too long or too large.
 */
export function movieCuts(
  { timescale, mediaTime, table }: MovieIndex,
  facts: FilmFacts,
  origin: Seconds,
  duration: Seconds,
  bytes: FilmBytes,
): FilmCuts | null {
  const { count, decodeTimes, shifts, sizes, offsets, keys } = table;
  if (!isPlayable(facts) || keys.length === 0) return null;
  const shift = mediaTime + Math.round(origin * timescale);
  const ticksAt = (sample: number): number => (decodeTimes[sample] ?? 0) + (shifts[sample] ?? 0) - shift;
  const shownAt = (sample: number): Seconds => ticksAt(sample) / timescale;
  const first = keys[0] ?? 0;
  if (!mayBeginAt(shownAt(first))) return null;

  const starts = [first];
  for (const key of keys)
    if (shownAt(key) >= nextCut(shownAt(starts.at(-1) ?? 0)) - UNSEEN / 2 && key > first) starts.push(key);
  if (starts.some((start) => hasLeading(start))) return null;
  // Where the first picture comes late it is shown from 0 on, for longer; where early, all is later.
  const early: number = Math.min(0, ticksAt(first));
  const began = (decodeTimes[first] ?? 0) - Math.max(0, ticksAt(first));
  const decodedAt = (sample: number): number => (sample === first ? 0 : (decodeTimes[sample] ?? 0) - began);
  const composedAt = (sample: number): number => (sample === first ? 0 : ticksAt(sample) - early);
  let delay = 0;
  for (let sample = first; sample < count; sample++) delay = Math.max(delay, decodedAt(sample) - composedAt(sample));
  const pieces = starts.map((start, index): FilmPiece => {
    const end = starts[index + 1] ?? count;
    const from = index === 0 ? 0 : shownAt(start);
    const to = end < count ? shownAt(end) : duration;
    let size = 0;
    for (let sample = start; sample < end; sample++) size += sizes[sample] ?? 0;
    return { decodeTime: decodedAt(start), duration: to - from, bytes: size };
  });
  if (!pieces.every(isBounded)) return null;

  /** A picture that is decoded behind a key picture and shown before it takes pictures from before that. */
  function hasLeading(key: number): boolean {
    for (let sample = key + 1; sample <= Math.min(count - 1, key + REORDERED); sample++)
      if (ticksAt(sample) < ticksAt(key)) return true;
    return false;
  }

  async function* read(index: number, signal: AbortSignal, meter?: SourceMeter): AsyncGenerator<CutPicture, void> {
    const start = starts[index] ?? count;
    const end = starts[index + 1] ?? count;
    const ranges = Array.from({ length: end - start }, (_, at) => {
      const offset = offsets[start + at] ?? 0;
      return { start: offset, end: offset + (sizes[start + at] ?? 0) };
    });
    const isKey = new Set(keys.filter((key) => key >= start && key < end));
    let sample = start;
    for await (const picture of eachRange(bytes, ranges, signal, meter)) {
      if (!isWhole(picture)) throw new BatonError('SOURCE_DAMAGED', `units of picture ${sample}`);
      yield {
        ...{ bytes: picture, isKey: isKey.has(sample) },
        duration: decodedAt(sample + 1) - decodedAt(sample),
        shownAfter: composedAt(sample) + delay - decodedAt(sample),
      };
      sample += 1;
    }
  }

  return { timescale, mediaTime: delay, pieces, read };
}

/** Whether the lengths of its NAL units fill a picture. */
function isWhole(picture: Uint8Array): boolean {
  const view = new DataView(picture.buffer, picture.byteOffset, picture.length);
  let at = 0;
  while (at + LENGTH_BYTES <= picture.length) at += LENGTH_BYTES + view.getUint32(at);
  return at === picture.length && at > 0;
}
