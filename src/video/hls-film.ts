import { BatonError } from '../errors.ts';
import type { HlsPicture, HlsPictures } from '../source/hls-pictures.ts';
import type { SoundMark } from '../source/hls-marks.ts';
import type { PictureSegments } from '../source/picture-segments.ts';
import { recent } from '../source/recent.ts';
import { sharing } from '../source/sharing.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Bytes, Seconds } from '../units.ts';
import type { Film, FilmFacts, FilmPacket } from './film.ts';
import { hlsCuts } from './hls-cuts.ts';
import type { HlsFilmIndex } from './hls-film-index.ts';
import { laySegments, type LaidSegment } from './hls-layout.ts';
import { withSets } from './with-sets.ts';

const REORDERED = 16;
const LONGEST_LEAD: Seconds = 90;
const KEPT = 3;
/** Of pictures: the largest segments are read again. */
const MOST_KEPT: Bytes = 12 * 2 ** 20;
/** Of times that are equal but for rounding. */
const ALMOST: Seconds = 1e-4;

/** Segment by segment, what is known of it and how it is read. */
export interface HlsReels {
  readonly laid: readonly LaidSegment[];
  /** Its pictures on the film's clock, in the order they are decoded; none where they are missing or unlike the others. */
  readonly load: (number: number, signal: AbortSignal, meter?: SourceMeter) => Promise<readonly HlsPicture[]>;
}

/**
 * The pictures of the segments of a playlist, on the clock of the sound that `marks` belong to. What is missing, damaged or
 * of another size than most is left out: the picture before it stands.
 */
export function hlsFilm(
  index: HlsFilmIndex,
  segments: PictureSegments,
  marks: readonly SoundMark[],
  version: string,
): Film {
  const { coding, rate, end } = index;
  const facts: FilmFacts = { ...coding, rotation: 0, rate };
  const laid = laySegments(index.firsts, segments.list, marks);
  const shown = laid.filter(({ first }) => first !== null);
  const last = laid[end.number];
  const [begin] = shown;
  if (begin === undefined || last === undefined) throw new BatonError('SOURCE_NO_VIDEO', 'segments without pictures');
  const duration = end.at + last.offset + (last.first?.at ?? 0) - (index.firsts[end.number]?.at ?? 0);
  if (!(duration > 0)) throw new BatonError('SOURCE_NO_VIDEO', 'no picture while there is sound');
  const reels: HlsReels = { laid, load: reelLoader(laid, segments, facts) };

  /** Where decoding begins for what is shown at `from`, else at the first key picture of all. */
  async function begins(from: Seconds, signal: AbortSignal, meter?: SourceMeter): Promise<Begin> {
    const at = Math.max(
      0,
      laid.findLastIndex(({ time, first }) => first !== null && time <= from + ALMOST),
    );
    for (let number = at; number >= 0; number--) {
      const pictures = await reels.load(number, signal, meter);
      const key = pictures.findLastIndex((picture) => picture.isKey && picture.at <= from + ALMOST);
      if (from - (pictures[key]?.at ?? laid[number]?.time ?? from) > LONGEST_LEAD) throw rare();
      if (key >= 0) return { number, key };
    }
    for (let number = 0; number < laid.length && (laid[number]?.time ?? 0) - from < LONGEST_LEAD; number++) {
      const key = (await reels.load(number, signal, meter)).findIndex(({ isKey }) => isKey);
      if (key >= 0) return { number, key };
    }
    throw rare();
  }

  async function* packets(
    from: Seconds,
    to: Seconds,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): AsyncGenerator<FilmPacket, void> {
    const { number: first, key } = await begins(from, signal, meter);
    let held: FilmPacket[] = [];
    for (let number = first; number < laid.length; number++) {
      const pictures = await reels.load(number, signal, meter);
      for (const { bytes, at, isKey } of number === first ? pictures.slice(key) : pictures) {
        held.push({ bytes, at, isKey });
        // What is shown behind the end is needed only if something before the end follows it.
        if (at > to) {
          if (held.length > REORDERED) return;
          continue;
        }
        yield* held;
        held = [];
      }
      if ((laid[number + 1]?.time ?? 0) > to + REORDERED / rate) return;
    }
  }

  const cuts = hlsCuts(reels, segments, index, facts, duration);
  return { facts, start: begin.time, duration, packets, cuts, version, isStale: () => segments.isStale() };
}

interface Begin {
  readonly number: number;
  readonly key: number;
}

const rare = (): BatonError => new BatonError('VIDEO_KEYS_RARE', `none for ${LONGEST_LEAD} s`);

/** The segments read last are at hand. */
function reelLoader(laid: readonly LaidSegment[], segments: PictureSegments, facts: FilmFacts): HlsReels['load'] {
  const known = recent<number, readonly HlsPicture[]>(KEPT);
  const load = sharing(async (name: string, signal: AbortSignal, meter?: SourceMeter) => {
    const number = Number(name);
    const { first, offset = 0 } = laid[number] ?? {};
    const found = first ? await segments.read(number, first.at, facts, signal, meter) : null;
    const pictures = found === null ? [] : placed(found, offset, facts);
    if (pictures.reduce((sum, { bytes }) => sum + bytes.length, 0) <= MOST_KEPT) known.set(number, pictures);
    return pictures;
  });
  return async (number, signal, meter) => known.get(number) ?? (await load(String(number), signal, meter));
}

function placed({ coding, pictures }: HlsPictures, offset: Seconds, facts: FilmFacts): readonly HlsPicture[] {
  const alike = withSets(pictures, coding, facts) ?? [];
  return alike.map((picture) => ({ ...picture, at: picture.at + offset, decodedAt: picture.decodedAt + offset }));
}
