import { BatonError } from '../errors.ts';
import type { HlsPicture } from '../source/hls-pictures.ts';
import type { PictureSegments } from '../source/picture-segments.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Seconds } from '../units.ts';
import type { CutPicture, FilmCuts, FilmFacts, FilmPiece } from './film.ts';
import type { HlsReels } from './hls-film.ts';
import type { HlsFilmIndex } from './hls-film-index.ts';
import { isBounded, isPlayable, mayBeginAt, nextCut, UNSEEN } from './playable.ts';

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
  const begin = ticks(shownAt[0] ?? 0);
  if (!mayBeginAt(begin / timescale)) return null;

  const starts = [0];
  for (const [number, time] of shownAt.entries())
    if (number > 0 && time >= nextCut(shownAt[starts.at(-1) ?? 0] ?? 0) - UNSEEN / 2) starts.push(number);
  // Where the first picture comes late it is shown from 0 on, for longer; where early, all is later.
  const early = Math.min(0, begin);
  const began = (decodedAt[0] ?? 0) - Math.max(0, begin);
  const decodeTimes = decodedAt.map((decoded, number) => (number === 0 ? 0 : decoded - began));
  // Nothing is shown before it is decoded.
  const delay = Math.max(0, early - began);
  const pieces = starts.map((start, index): FilmPiece => {
    const end = starts[index + 1] ?? laid.length;
    const from = index === 0 ? 0 : (shownAt[start] ?? 0);
    const length = (shownAt[end] ?? duration) - from;
    let bytes = 0;
    for (let number = start; number < end; number++)
      bytes += firsts[number]?.bytes ?? ((bandwidth ?? Infinity) * (list[number]?.duration ?? 0)) / 8;
    return { decodeTime: decodeTimes[start] ?? 0, duration: length, bytes };
  });
  if (!pieces.every(isBounded)) return null;

  async function* read(index: number, signal: AbortSignal, meter?: SourceMeter): AsyncGenerator<CutPicture, void> {
    for (let number = starts[index] ?? laid.length; number < (starts[index + 1] ?? laid.length); number++) {
      const pictures = await load(number, signal, meter);
      if (pictures.length === 0) throw new BatonError('SOURCE_MISSING', `pictures of segment ${number}`);
      let decodeTime = decodeTimes[number] ?? 0;
      for (const [at, picture] of pictures.entries()) {
        const isFirst = number === 0 && at === 0;
        const until = nextDecodeTime(number, pictures[at + 1]) ?? decodeTime + Math.round(timescale / facts.rate);
        yield {
          ...{ bytes: picture.bytes, isKey: picture.isIdr, duration: Math.max(0, until - decodeTime) },
          shownAfter: (isFirst ? 0 : ticks(picture.at) - early) + delay - decodeTime,
        };
        decodeTime = until;
      }
    }
  }

  const nextDecodeTime = (number: number, next: HlsPicture | undefined): number | undefined =>
    next === undefined ? decodeTimes[number + 1] : ticks(next.decodedAt) - began;

  return { timescale, mediaTime: delay, pieces, read };
}
