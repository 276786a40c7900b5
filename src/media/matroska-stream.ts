import type { Bytes, Hertz, Samples } from '../units.ts';
import {
  ebmlAscii,
  ebmlDouble,
  ebmlElement,
  ebmlJoined,
  ebmlNumber,
  ebmlSize,
  UNKNOWN_SIZE,
  type EbmlPart,
} from './ebml-write.ts';

/** The two tracks of a stream. */
export interface StreamTracks {
  readonly sound: StreamSound;
  readonly pictures: StreamPictures;
}

export interface StreamSound {
  readonly codecId: 'A_OPUS' | 'A_AAC';
  /** OpusHead, AudioSpecificConfig. */
  readonly codecPrivate: Uint8Array;
  readonly sampleRate: Hertz;
  readonly channels: number;
  /** Decoded samples in front that are not to be heard. */
  readonly preSkip: Samples;
}

/** H.264. */
export interface StreamPictures {
  /** AVCDecoderConfigurationRecord. */
  readonly config: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Of a stream's time stamps in a second: finer than the usual millisecond, which does not hold pictures in step. */
export const STREAM_TICKS: Hertz = 10_000;
export const SOUND_TRACK = 1;
export const PICTURE_TRACK = 2;
/** A block lies no farther from the time stamp of its cluster, which has 16 bits for that. */
export const MOST_OFFSET = 30_000;

const TICK_NS = 1e9 / STREAM_TICKS;
/** RFC 7845 4.6. */
const OPUS_ROLL_NS = 80_000_000;
const TYPE = { pictures: 1, sound: 2 } as const;

/**
 * The head of an endless Matroska stream (RFC 9559) of sound and pictures, to which clusters are added: a segment of
 * unknown size, without anything that points into it.
 */
export function streamHead({ sound, pictures }: StreamTracks): Uint8Array {
  const { codecId, codecPrivate, sampleRate, channels, preSkip } = sound;
  const head = ebmlElement(
    [0x1a, 0x45, 0xdf, 0xa3],
    ebmlElement([0x42, 0x82], ebmlAscii('matroska')),
    ebmlElement([0x42, 0x87], ebmlNumber(4)), // DocTypeVersion
    ebmlElement([0x42, 0x85], ebmlNumber(2)), // DocTypeReadVersion
  );
  const info = ebmlElement(
    [0x15, 0x49, 0xa9, 0x66],
    ebmlElement([0x2a, 0xd7, 0xb1], ebmlNumber(TICK_NS)),
    ebmlElement([0x4d, 0x80], ebmlAscii('Baton')), // MuxingApp
    ebmlElement([0x57, 0x41], ebmlAscii('Baton')), // WritingApp
  );
  const delay = ebmlElement([0x56, 0xaa], ebmlNumber(Math.round((preSkip * 1e9) / sampleRate))); // CodecDelay
  const roll = ebmlElement([0x56, 0xbb], ebmlNumber(OPUS_ROLL_NS)); // SeekPreRoll
  const audio = ebmlElement(
    [0xe1],
    ebmlElement([0xb5], ebmlDouble(sampleRate)),
    ebmlElement([0x9f], ebmlNumber(channels)),
  );
  const video = ebmlElement(
    [0xe0],
    ebmlElement([0xb0], ebmlNumber(pictures.width)),
    ebmlElement([0xba], ebmlNumber(pictures.height)),
  );
  const tracks = ebmlElement(
    [0x16, 0x54, 0xae, 0x6b],
    trackEntry(SOUND_TRACK, TYPE.sound, codecId, codecPrivate, ...(codecId === 'A_OPUS' ? [delay, roll] : []), audio),
    trackEntry(PICTURE_TRACK, TYPE.pictures, 'V_MPEG4/ISO/AVC', pictures.config, video),
  );
  return ebmlJoined([head, [0x18, 0x53, 0x80, 0x67], UNKNOWN_SIZE, info, tracks]);
}

const trackEntry = (
  number: number,
  type: number,
  codecId: string,
  codecPrivate: Uint8Array,
  ...details: readonly EbmlPart[]
): Uint8Array =>
  ebmlElement(
    [0xae],
    ebmlElement([0xd7], ebmlNumber(number)),
    ebmlElement([0x73, 0xc5], ebmlNumber(number)), // TrackUID
    ebmlElement([0x83], ebmlNumber(type)),
    ebmlElement([0x9c], ebmlNumber(0)), // FlagLacing
    ebmlElement([0x86], ebmlAscii(codecId)),
    ebmlElement([0x63, 0xa2], codecPrivate),
    ...details,
  );

/** Begins a cluster, to which blocks are added until the next one begins. */
export function streamCluster(ticks: number): Uint8Array {
  const time = new DataView(new ArrayBuffer(8));
  time.setBigUint64(0, BigInt(ticks));
  return ebmlJoined([CLUSTER, [0xe7, 0x88], new Uint8Array(time.buffer)]);
}

/** A block, `offset` ticks from the time stamp of its cluster. */
export function streamBlock(track: number, offset: number, isKey: boolean, packet: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK_HEAD + packet.length);
  const view = new DataView(block.buffer);
  view.setUint8(0, 0xa3); // SimpleBlock
  view.setUint32(1, ebmlSize(4 + packet.length));
  view.setUint8(5, 0x80 | track);
  view.setInt16(6, offset);
  view.setUint8(8, isKey ? 0x80 : 0);
  block.set(packet, BLOCK_HEAD);
  return block;
}

/** Where in a stream the first cluster begins that begins with a key picture, or the last one; -1 where there is none. */
export function keyClusterIn(bytes: Uint8Array, which: 'first' | 'last'): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const next = (from: number): number =>
    which === 'first' ? buffer.indexOf(CLUSTER, from) : from < 0 ? -1 : buffer.lastIndexOf(CLUSTER, from);
  for (let at = next(which === 'first' ? 0 : buffer.length); at >= 0; at = next(which === 'first' ? at + 1 : at - 1)) {
    const block = at + CLUSTER.length + TIME_BYTES;
    const [flags, track] = [buffer[block + BLOCK_HEAD - 1], buffer[block + BLOCK_HEAD - 4]];
    if (buffer[block] === 0xa3 && track === (0x80 | PICTURE_TRACK) && flags === 0x80) return at;
  }
  return -1;
}

const CLUSTER = Uint8Array.of(0x1f, 0x43, 0xb6, 0x75, ...UNKNOWN_SIZE);
const TIME_BYTES: Bytes = 10;
const BLOCK_HEAD: Bytes = 9;
