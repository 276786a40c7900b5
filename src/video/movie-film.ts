import { BatonError } from '../errors.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { ByteRange, Seconds } from '../units.ts';
import type { Film, FilmPacket } from './film.ts';
import { eachRange, type FilmBytes } from './film-bytes.ts';
import { movieCuts } from './movie-cuts.ts';
import type { MovieIndex } from './movie-index.ts';

/** A picture in H.264 is shown at most so many after the one it is decoded behind; other codecs reorder less. */
const REORDERED = 16;
/** Longer runs without a key picture are not decoded for a single segment. */
const LONGEST_LEAD: Seconds = 90;
/** Of a single picture nobody knows. */
const USUAL_RATE = 25;

/** The pictures of a movie whose sound begins at `origin` of its clock. */
export function movieFilm(index: MovieIndex, origin: Seconds, bytes: FilmBytes): Film {
  const { coding, rotation, timescale, mediaTime, table } = index;
  const { count, decodeTimes, shifts, sizes, offsets, keys } = table;
  const shownAt = (sample: number): Seconds =>
    ((decodeTimes[sample] ?? 0) + (shifts[sample] ?? 0) - mediaTime) / timescale - origin;
  const endOf = (sample: number): Seconds =>
    shownAt(sample) + ((decodeTimes[sample + 1] ?? 0) - (decodeTimes[sample] ?? 0)) / timescale;
  if (count === 0) throw new BatonError('SOURCE_NO_VIDEO', 'a track without pictures');
  let last = -Infinity;
  for (let sample = 0; sample < count; sample++) last = Math.max(last, endOf(sample));
  const duration = Math.min(last, index.statedEnd - origin);
  if (!(duration > 0)) throw new BatonError('SOURCE_NO_VIDEO', 'no picture while there is sound');
  let start = Infinity;
  for (let sample = 0; sample < Math.min(count, REORDERED); sample++) start = Math.min(start, shownAt(sample));
  const whole = ((decodeTimes[count] ?? 0) - (decodeTimes[0] ?? 0)) / timescale;
  const rate = table.usualDuration !== null ? timescale / table.usualDuration : whole > 0 ? count / whole : USUAL_RATE;

  /** The last key picture that is shown at or before `at`, else the first one. */
  function keyAt(at: Seconds): number {
    let [low, high] = [0, keys.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (shownAt(keys[middle] ?? 0) <= at) low = middle;
      else high = middle;
    }
    return keys[low] ?? 0;
  }

  /** Behind the last picture in decoding order that is shown at or before `to`. */
  function endAt(first: number, to: Seconds): number {
    let end = first + 1;
    for (let sample = first; sample < Math.min(count, end + REORDERED); sample++)
      if (shownAt(sample) <= to) end = sample + 1;
    return end;
  }

  async function* packets(
    from: Seconds,
    to: Seconds,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): AsyncGenerator<FilmPacket, void> {
    const first = keyAt(from);
    if (from - shownAt(first) > LONGEST_LEAD)
      throw new BatonError('VIDEO_KEYS_RARE', `none for ${Math.round(from - shownAt(first))} s`);
    const end = endAt(first, to);
    const ranges: ByteRange[] = [];
    for (let sample = first; sample < end; sample++) {
      const start = offsets[sample] ?? 0;
      ranges.push({ start, end: start + (sizes[sample] ?? 0) });
    }
    let sample = first;
    for await (const picture of eachRange(bytes, ranges, signal, meter)) {
      yield { bytes: picture, at: shownAt(sample), isKey: sample === first };
      sample += 1;
    }
  }

  const facts = { ...coding, rotation, rate };
  return { facts, start, duration, packets, cuts: movieCuts(index, facts, origin, duration, bytes) };
}
