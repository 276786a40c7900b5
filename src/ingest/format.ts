import type { Hertz } from '../units.ts';
import { BASE64, readPictureFormat, refused, type PictureFormat } from './picture-format.ts';

/**
 * What a publisher sends. The bytes of data messages are those of a stream, cut anywhere; or whole packets, as in
 * `packet-records.ts`, or with pictures as in `film-records.ts`.
 */
export type IngestFormat = StreamFormat | Mp4Format | PacketFormat;

/** `webm`: what MediaRecorder makes of `audio/webm;codecs=opus`. The others as a radio station sends them. */
export interface StreamFormat {
  readonly container: 'webm' | 'mp3' | 'adts' | 'ogg';
  /** Of WebM: its H.264 is wanted, too. */
  readonly video?: true;
}

/** What MediaRecorder makes of `audio/mp4`: MP4 in fragments. */
export interface Mp4Format {
  readonly container: 'mp4';
  readonly codec: PacketFormat['codec'];
  readonly video?: undefined;
}

/** What WebCodecs' AudioEncoder makes. */
export interface PacketFormat {
  readonly container: 'packets';
  readonly codec: 'opus' | 'aac';
  readonly sampleRate: Hertz;
  readonly channels: number;
  /** In base64: AudioSpecificConfig of AAC; OpusHead of Opus, which may be left away (null). */
  readonly description: string | null;
  readonly video?: PictureFormat;
}

/** Whether a show has pictures. */
export const hasPictures = ({ video }: IngestFormat): boolean => video !== undefined;

const STREAMS: readonly unknown[] = ['webm', 'mp3', 'adts', 'ogg'] satisfies StreamFormat['container'][];
const CODECS: readonly unknown[] = ['opus', 'aac'] satisfies PacketFormat['codec'][];
const MAX_RATE: Hertz = 96_000;
const MAX_CHANNELS = 2;

/** The format that `value`, of unknown origin, describes. @throws INGEST_FORMAT */
export function readFormat(value: unknown): IngestFormat {
  const { container, codec, sampleRate, channels, description = null, video } = fieldsOf(value);
  if (STREAMS.includes(container)) {
    const stream: StreamFormat = { container: container as StreamFormat['container'] };
    if (video === undefined || video === false) return stream;
    if (container !== 'webm' || video !== true) throw refused(`pictures in ${String(container)}`);
    return { ...stream, video };
  }
  if (container === 'mp4' && CODECS.includes(codec)) {
    if (video !== undefined && video !== false) throw refused('pictures in mp4');
    return { container, codec: codec as Mp4Format['codec'] };
  }
  if (container !== 'packets' || !CODECS.includes(codec)) throw refused(`${String(container)} of ${String(codec)}`);
  if (!isWhole(sampleRate, 8_000, MAX_RATE)) throw refused(`${String(sampleRate)} Hz`);
  if (!isWhole(channels, 1, MAX_CHANNELS)) throw refused(`${String(channels)} channels`);
  if (description === null && codec === 'aac') throw refused('AAC without a description');
  if (description !== null && !(typeof description === 'string' && BASE64.test(description)))
    throw refused('a description that is not base64');
  const sound: PacketFormat = { container, codec: codec as PacketFormat['codec'], sampleRate, channels, description };
  return video === undefined || video === null ? sound : { ...sound, video: readPictureFormat(video) };
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
