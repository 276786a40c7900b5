import { BatonError } from '../errors.ts';
import type { PictureCodec } from '../ffmpeg/picture-args.ts';
import { readAvcConfig, readAvcSequence } from '../media/avc.ts';
import type { Rotation } from '../media/fmp4-video.ts';
import { readCues, readPictureTrack, readSegmentInfo, type PictureTrack } from '../media/matroska-head.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { ProbeRecord } from '../source/record.ts';
import type { Seconds } from '../units.ts';
import type { Film, FilmFacts, FilmPacket } from './film.ts';
import type { FilmBytes } from './film-bytes.ts';
import { matroskaPictures, type Pictures } from './matroska-pictures.ts';
import { readFilmOpening } from './matroska-opening.ts';

const CODECS: Readonly<Record<string, PictureCodec>> = {
  'V_MPEG4/ISO/AVC': 'h264',
  'V_MPEGH/ISO/HEVC': 'hevc',
  V_VP8: 'vp8',
  V_VP9: 'vp9',
  V_AV1: 'av1',
  'V_MPEG4/ISO/ASP': 'mpeg4',
};
const NS = 1e9;
/** As many tell how fast pictures follow each other. */
const FIRST = 64;
const REORDERED = 16;
const LONGEST_LEAD: Seconds = 90;
/** How far back a key picture is looked for where nothing lists them; further each time. */
const LEADS: readonly Seconds[] = [0, 4, 16, LONGEST_LEAD];

/** The pictures of a Matroska or WebM file. Throws SOURCE_NO_VIDEO, VIDEO_UNSUPPORTED, SOURCE_DAMAGED, and what reading does. */
export async function openMatroskaFilm(
  record: ProbeRecord,
  bytes: FilmBytes,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Film> {
  const opening = await readFilmOpening(bytes, signal, meter);
  const track = readPictureTrack(opening.tracks);
  if (track === null) throw new BatonError('SOURCE_NO_VIDEO', 'no track of pictures');
  const { tickNs, duration: stated } = readSegmentInfo(opening.info);
  const tick: Seconds = tickNs / NS;
  const origin: Seconds = (record.isSilent === true ? 0 : (record.stream?.origin ?? 0)) * tick;
  const cues = readCues(opening.cues, track.number).map(({ ticks, cluster }) => ({
    ...{ at: ticks, place: opening.segment + cluster },
  }));
  const pictures = matroskaPictures({ track, bytes, start: opening.start, end: opening.end, cues });
  const firsts = await firstTimes(pictures, signal, meter);
  const last = stated ?? (await pictures.lastTicks(signal, meter));
  if (firsts.length === 0 || last === null) throw new BatonError('SOURCE_NO_VIDEO', 'a track without pictures');
  const rate = track.frameNs === null ? meanRate(firsts, tick) : NS / track.frameNs;
  const duration = (stated === null ? last * tick + 1 / rate : last * tick) - origin;
  if (!(duration > 0)) throw new BatonError('SOURCE_NO_VIDEO', 'no picture while there is sound');

  async function* packets(
    from: Seconds,
    to: Seconds,
    stop: AbortSignal,
    reader?: SourceMeter,
  ): AsyncGenerator<FilmPacket, void> {
    const fromTicks = (from + origin) / tick;
    let held: FilmPacket[] = [];
    for await (const { bytes: picture, at, isKey } of await fromKey(fromTicks, stop, reader)) {
      held.push({ bytes: picture, at: at * tick - origin, isKey: isKey === true });
      // What is shown behind the end is needed only if something before the end follows it.
      if (at * tick - origin > to) {
        if (held.length > REORDERED) return;
        continue;
      }
      yield* held;
      held = [];
    }
  }

  async function fromKey(wanted: number, stop: AbortSignal, reader?: SourceMeter): Promise<Pictures> {
    for (const lead of cues.length > 0 ? [0] : LEADS) {
      const found = await pictures.fromKey(wanted, lead / tick, stop, reader);
      if (found === null) continue;
      if ((wanted - found.at) * tick > LONGEST_LEAD) break;
      return found.pictures;
    }
    throw new BatonError('VIDEO_KEYS_RARE', `none for ${LONGEST_LEAD} s`);
  }

  const start = (firsts[0] ?? 0) * tick - origin;
  return { facts: { ...codingOf(track), rate }, start, duration, packets, cuts: null };
}

async function firstTimes(
  pictures: ReturnType<typeof matroskaPictures>,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<number[]> {
  const times: number[] = [];
  for await (const { at } of pictures.fromStart(signal, meter)) if (times.push(at) === FIRST) break;
  return times.toSorted((a, b) => a - b);
}

function meanRate(times: readonly number[], tick: Seconds): number {
  const span = ((times.at(-1) ?? 0) - (times[0] ?? 0)) * tick;
  return span > 0 ? (times.length - 1) / span : 25;
}

function codingOf(track: PictureTrack): Omit<FilmFacts, 'rate'> {
  const { codecId, codecPrivate, width, height, pixelAspect, isSealed, rollDegrees } = track;
  const codec = CODECS[codecId];
  if (codec === undefined || isSealed) throw new BatonError('VIDEO_UNSUPPORTED', codecId);
  const [set] = (codec === 'h264' && codecPrivate ? readAvcConfig(codecPrivate)?.sequences : undefined) ?? [];
  const sequence = set === undefined ? null : readAvcSequence(set);
  const rotation = ((Math.round(rollDegrees / 90) * 90 + 360) % 360) as Rotation;
  const colour = track.colour ?? sequence?.colour ?? null;
  return { codec, config: codecPrivate, width, height, pixelAspect, rotation, colour };
}
