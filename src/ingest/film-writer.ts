import { lengthPrefixed, unitsIn } from '../media/annex-b.ts';
import { setsIn } from '../media/avc-pictures.ts';
import { isParameterSet } from '../media/avc-sample.ts';
import { NAL, nalType, writeAvcConfig } from '../media/avc.ts';
import { readFilmRecords, timeNear, type FilmPacket, type PicturePart } from './film-records.ts';
import { addToFilm, newFilmStream, type FilmStreamState } from './film-stream.ts';
import type { PacketFormat } from './format.ts';
import { readOpusSetup } from './ogg-opus.ts';
import { opusSound, showSound } from './show-sound.ts';
import { webmBlocks, type WebmBlock, type WebmState } from './webm-blocks.ts';

/** As JSON it is stored with every batch of a show with pictures. */
export interface FilmState extends FilmStreamState {
  part: PicturePart | null;
  /** Its parameter sets have been others than the first ones: from then on pictures keep theirs. */
  isTurned: boolean;
}

export const newFilm = (video: PacketFormat['video'] | true): FilmState => ({
  ...newFilmStream(typeof video === 'object' ? video.description : null),
  ...{ part: null, isTurned: false },
});

/** What payloads of records add to the stream. @throws INGEST_INVALID, INGEST_FORMAT */
export function filmOfRecords(format: PacketFormat, film: FilmState): (payload: Uint8Array) => Uint8Array {
  const sound = showSound(format);
  return (payload) => {
    const { packets, part } = readFilmRecords(payload, film.part, film.isBroken);
    film.part = part;
    const hasBegun = film.samples > 0 || film.saidAt >= 0;
    const due = film.ahead + (film.samples * 1000) / sound.sampleRate;
    const timed = hasBegun ? packets.map((packet) => ({ ...packet, at: timeNear(due, packet.at) })) : packets;
    return addToFilm(timed, sound, film);
  };
}

/** What a piece of WebM adds to it. @throws INGEST_FORMAT */
export function filmOfWebm(webm: WebmState, film: FilmState): (payload: Uint8Array) => Uint8Array {
  return (payload) => {
    const blocks = webmBlocks(payload, webm);
    if (blocks.length === 0) return NOTHING;
    film.config ??= webm.pictures?.config ?? null;
    const sound = opusSound(readOpusSetup(Buffer.from(webm.opusHead ?? '', 'base64')));
    return Buffer.concat(blocks.map((block) => addToFilm([packetOf(block, webm, film)], sound, film)));
  };
}

/** Messages are missing. */
export function breakFilm(film: FilmState): void {
  Object.assign(film, { part: null, isBroken: true });
}

/**
 * Browsers put H.264 into WebM with start codes and without a configuration, against RFC 9559: that is made up for. What
 * the configuration says already is left out of the picture; once it has changed, as with a device that is turned, it stays,
 * also when it is turned back.
 */
function packetOf(block: WebmBlock, { pictures }: WebmState, film: FilmState): FilmPacket {
  if (block.track === 'sound' || pictures?.config != null) return block;
  const units = [...unitsIn(block.bytes)].map(({ unit }) => unit).filter((unit) => nalType(unit) !== NAL.delimiter);
  const { sequences, pictures: sets } = setsIn(units);
  if (sequences.length === 0 || sets.length === 0) return { ...block, bytes: lengthPrefixed(units) };
  const config = Buffer.from(writeAvcConfig(sequences, sets)).toString('base64');
  film.config ??= config;
  film.isTurned ||= film.config !== config;
  const kept = film.isTurned ? units : units.filter((unit) => !isParameterSet(unit));
  return { ...block, bytes: lengthPrefixed(kept) };
}

const NOTHING = new Uint8Array();
