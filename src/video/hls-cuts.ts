import { BatonError } from '../errors.ts';
import type { HlsPicture } from '../source/hls-pictures.ts';
import type { PictureSegments } from '../source/picture-segments.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Seconds } from '../units.ts';
import type { CutPicture, FilmCuts, FilmFacts, FilmPiece } from './film.ts';
import type { HlsReels } from './hls-film.ts';
import type { HlsFilmIndex } from './hls-film-index.ts';
import { isBounded, isPlayable, nextCut, UNSEEN } from './playable.ts';

/**
 * Where the pictures of segments may be passed on as they are: each begins a sequence, nothing is missing, and the clock is
 * one. Null where that is not so, or as in `movieCuts`.
 */
export function hlsCuts(
  { laid, load }: HlsReels,
  { list, bandwidth }: PictureSegments,
  { firsts, timescale }: HlsFilmIndex,
  facts: FilmFacts,
  duration: Seconds,
): FilmCuts | null {
  if (!isPlayable(facts) || !firsts.every((first) => first?.isIdr === true && first.coding === firsts[0]?.coding))
    return null;
  if (list.some(({ stretch }) => stretch !== list[0]?.stretch)) return null;
  const ticks = (seconds: Seconds): number => Math.round(seconds * timescale);
  const decodedAt = laid.map(({ first, offset }) => ticks((first?.decodedAt ?? 0) + offset));
  const shownAt = laid.map(({ time }) => time);
  const isRising = (times: readonly number[]): boolean =>
    times.every((time, at) => at === 0 || time > (times[at - 1] ?? 0));
  if (!isRising(decodedAt) || !isRising(shownAt)) return null;
  const early = Math.min(0, ticks(shownAt[0] ?? 0));
  if (-early / timescale > UNSEEN) return null;

  const starts = [0];
  for (const [number, time] of shownAt.entries())
    if (number > 0 && time >= nextCut(shownAt[starts.at(-1) ?? 0] ?? 0) - UNSEEN / 2) starts.push(number);
  const began = decodedAt[0] ?? 0;
  // Nothing is shown before it is decoded: what decodes before time 0 sets how late all is.
  const delay = Math.max(0, early - began);
  const pieces = starts.map((start, index): FilmPiece => {
    const end = starts[index + 1] ?? laid.length;
    const from = index === 0 ? 0 : (shownAt[start] ?? 0);
    const length = (shownAt[end] ?? duration) - from;
    let bytes = 0;
    for (let number = start; number < end; number++)
      bytes += firsts[number]?.bytes ?? ((bandwidth ?? Infinity) * (list[number]?.duration ?? 0)) / 8;
    return { decodeTime: (decodedAt[start] ?? 0) - began, duration: length, bytes };
  });
  if (!pieces.every(isBounded)) return null;

  async function* read(index: number, signal: AbortSignal, meter?: SourceMeter): AsyncGenerator<CutPicture, void> {
    for (let number = starts[index] ?? laid.length; number < (starts[index + 1] ?? laid.length); number++) {
      const pictures = await load(number, signal, meter);
      if (pictures.length === 0) throw new BatonError('SOURCE_MISSING', `pictures of segment ${number}`);
      const last = Math.round(timescale / facts.rate);
      for (const [at, picture] of pictures.entries()) yield cut(picture, pictures[at + 1], decodedAt[number + 1], last);
    }
  }

  function cut(
    picture: HlsPicture,
    next: HlsPicture | undefined,
    behind: number | undefined,
    last: number,
  ): CutPicture {
    const decoded = ticks(picture.decodedAt);
    const until = next === undefined ? (behind ?? decoded + last) : ticks(next.decodedAt);
    return {
      ...{ bytes: picture.bytes, isKey: picture.isIdr, duration: Math.max(0, until - decoded) },
      shownAfter: ticks(picture.at) - early + delay - (decoded - began),
    };
  }

  return { timescale, mediaTime: delay, pieces, read };
}
