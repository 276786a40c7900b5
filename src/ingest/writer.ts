import { BatonError } from '../errors.ts';
import { liveDemux } from '../intake/live-demux.ts';
import { adtsFrame, type AdtsFormat } from '../media/adts-write.ts';
import { BLOCK_SAMPLES, MAX_ADTS_BYTES } from '../media/adts.ts';
import type { Bytes } from '../units.ts';
import { breakFilm, filmOfRecords, filmOfWebm, newFilm, type FilmState } from './film-writer.ts';
import { hasPictures, type IngestFormat, type Mp4Format, type PacketFormat, type StreamFormat } from './format.ts';
import { loseMp4, mp4Sound, newMp4, type Mp4State } from './mp4-fragments.ts';
import { oggHeadIn } from './ogg-heads.ts';
import { oggOpusEnd, oggOpusPages, opusLength, readOpusSetup, type OggOpusState } from './ogg-opus.ts';
import { readPacketRecords } from './packet-records.ts';
import { aacSetup, opusSetup, trackSetup } from './show-sound.ts';
import { newWebm, webmBlocks, type WebmState } from './webm-blocks.ts';

/** Makes the stream of a show of what its publisher sends: Ogg, MP3 or ADTS, with pictures Matroska; it is its recording as well. */
export interface Writer {
  /**
   * What the payload of the next message adds to the stream; where it throws, nothing has changed. @throws INGEST_FORMAT for what
   * is not in the format that was announced, INGEST_INVALID for packets that are cut
   */
  push(payload: Uint8Array): Uint8Array;
  /** What ends the stream. */
  end(): Uint8Array;
  /** Messages are missing here. */
  lose(): void;
  /** To go on from in another process. */
  state(): WriterState;
}

/** As JSON it is stored with every batch. */
export interface WriterState {
  /** Bytes of the stream so far. */
  readonly at: Bytes;
  /** Where in them the head begins that whoever joins later needs; null: there is none. */
  readonly headAt: Bytes | null;
  readonly ogg: OggOpusState | null;
  readonly webm: WebmState | null;
  readonly mp4?: Mp4State;
  readonly film?: FilmState;
}

/** `state` null: the show begins. `serial` tells the Ogg streams of shows apart. @throws INGEST_FORMAT */
export function createWriter(format: IngestFormat, serial: number, state: WriterState | null): Writer {
  let at = state?.at ?? 0;
  let headAt = state?.headAt ?? null;
  const ogg: OggOpusState = { ...(state?.ogg ?? { serial, sequence: 0, granule: 0 }) };
  const webm: WebmState = { ...(state?.webm ?? newWebm(hasPictures(format))) };
  const mp4: Mp4State = { ...(state?.mp4 ?? newMp4()) };
  const film = format.video === undefined ? null : { ...(state?.film ?? newFilm(format.video)) };
  const isOpus = film === null && (format.container === 'webm' || isCoded('opus', format));
  const write = film === null ? writing(format, ogg, webm, mp4) : filming(format, webm, film);

  const count = (bytes: Uint8Array): Uint8Array => {
    if (format.container === 'ogg') headAt = oggHeadIn(bytes, at, headAt);
    if ((isOpus || film !== null) && bytes.length > 0) headAt = 0;
    at += bytes.length;
    return bytes;
  };

  return {
    push: (payload) => {
      const before = [{ ...ogg }, { ...webm }, { ...mp4 }, { ...film }];
      try {
        return count(write(payload));
      } catch (thrown) {
        for (const [at, state] of [ogg, webm, mp4, film].entries())
          if (state !== null) restore(state, before[at] ?? {});
        throw thrown;
      }
    },
    end: () => count(isOpus && ogg.sequence > 0 ? oggOpusEnd(ogg) : NOTHING),
    lose: () => {
      if (film !== null) breakFilm(film);
      if (format.container === 'webm') Object.assign(webm, { rest: '', skip: 0, isLost: webm.track !== null });
      if (format.container === 'mp4') loseMp4(mp4);
    },
    state: () => ({
      ...{ at, headAt },
      ogg: isOpus ? { ...ogg } : null,
      webm: format.container === 'webm' ? { ...webm } : null,
      ...(format.container === 'mp4' && { mp4: { ...mp4 } }),
      ...(film !== null && { film: { ...film } }),
    }),
  };
}

/** Makes `state` what it was. */
function restore(state: object, before: object): void {
  for (const key of Object.keys(state)) if (!(key in before)) Reflect.deleteProperty(state, key);
  Object.assign(state, before);
}

/** The content type of the stream. */
export function streamType(format: IngestFormat): string {
  if (hasPictures(format)) return 'video/x-matroska';
  if (format.container === 'mp3') return 'audio/mpeg';
  if (format.container === 'adts' || isCoded('aac', format)) return 'audio/aac';
  return 'audio/ogg';
}

const isCoded = (codec: PacketFormat['codec'], format: IngestFormat): boolean =>
  'codec' in format && format.codec === codec;

type Write = (payload: Uint8Array) => Uint8Array;

const filming = (format: IngestFormat, webm: WebmState, film: FilmState): Write =>
  format.container === 'packets' ? filmOfRecords(format, film) : filmOfWebm(webm, film);

function writing(format: IngestFormat, ogg: OggOpusState, webm: WebmState, mp4: Mp4State): Write {
  if (format.container === 'packets') return format.codec === 'opus' ? opusPackets(format, ogg) : aacPackets(format);
  if (format.container === 'mp4') return mp4Fragments(format, ogg, mp4);
  if (format.container !== 'webm') return passed(format.container);
  return (payload) => {
    const packets = webmBlocks(payload, webm).map(({ bytes }) => bytes);
    if (packets.length === 0) return NOTHING;
    const setup = readOpusSetup(Buffer.from(webm.opusHead ?? '', 'base64'));
    return Buffer.concat(oggOpusPages(packets, setup, ogg));
  };
}

function opusPackets(format: PacketFormat, ogg: OggOpusState): Write {
  const setup = opusSetup(format);
  return (payload) => {
    const records = readPacketRecords(payload);
    const wrong = records.find(({ bytes, samples }) => opusLength(bytes) !== samples);
    if (wrong !== undefined) throw refused(`a packet of Opus of ${wrong.samples} samples`);
    const packets = records.map(({ bytes }) => bytes);
    return Buffer.concat(oggOpusPages(packets, setup, ogg));
  };
}

function mp4Fragments({ codec }: Mp4Format, ogg: OggOpusState, mp4: Mp4State): Write {
  return (payload) => {
    const sound = mp4Sound(payload, mp4);
    if (sound === null) return NOTHING;
    const setup = trackSetup(sound.track, codec);
    if (sound.packets.length === 0) return NOTHING;
    if ('aac' in setup) return Buffer.concat(sound.packets.map((bytes) => framed(bytes, setup.aac)));
    return Buffer.concat(oggOpusPages(sound.packets, setup.opus, ogg));
  };
}

function aacPackets(format: PacketFormat): Write {
  const adts = aacSetup(format);
  return (payload) =>
    Buffer.concat(
      readPacketRecords(payload).map(({ bytes, samples }) => {
        if (samples !== BLOCK_SAMPLES) throw refused(`a packet of AAC of ${samples} samples`);
        return framed(bytes, adts);
      }),
    );
}

const ADTS_HEAD: Bytes = 7;

function framed(packet: Uint8Array, adts: AdtsFormat): Uint8Array {
  if (packet.length + ADTS_HEAD > MAX_ADTS_BYTES) throw refused(`a packet of AAC of ${packet.length} bytes`);
  return adtsFrame(packet, adts);
}

/** So much may come before the first frame or page. */
const MOST_UNKNOWN: Bytes = 65_536;
const CODECS: Readonly<Record<Exclude<StreamFormat['container'], 'webm'>, readonly string[]>> = {
  mp3: ['mp3'],
  adts: ['aac'],
  ogg: ['opus', 'vorbis', 'flac'],
};

/** A stream that is passed on as it is, once it is seen to be what it is said to be. */
function passed(container: Exclude<StreamFormat['container'], 'webm'>): Write {
  const demux = liveDemux(null);
  return (payload) => {
    for (const part of partsOf(payload))
      if (part.kind === 'format' && !CODECS[container].includes(part.format.codec))
        throw refused(`${part.format.codec} in a stream of ${container}`);
    if (demux.unknown() >= MOST_UNKNOWN) throw refused(`nothing of ${container} in ${demux.unknown()} bytes`);
    return payload;
  };

  function partsOf(payload: Uint8Array): ReturnType<typeof demux.push> {
    try {
      return demux.push(payload);
    } catch (thrown) {
      throw refused(thrown instanceof BatonError ? `${thrown.code} ${thrown.detail}` : String(thrown), thrown);
    }
  }
}

const NOTHING = new Uint8Array();

const refused = (detail: string, cause?: unknown): BatonError => new BatonError('INGEST_FORMAT', detail, { cause });
