import type { Bytes, Hertz, Samples } from '../units.ts';
import { ebmlDouble, ebmlElement, ebmlJoined, ebmlNumber, ebmlSize, UNKNOWN_SIZE } from './ebml-write.ts';
import { segmentHead, TRACK_TYPE, trackEntry } from './matroska.ts';

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

/**
 * The head of an endless Matroska stream (RFC 9559) of sound and pictures, to which clusters are added: a segment of
 * unknown size, without anything that points into it.
 */
export function streamHead({ sound, pictures }: StreamTracks): Uint8Array {
  const { codecId, codecPrivate, sampleRate, channels, preSkip } = sound;
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
  const details = codecId === 'A_OPUS' ? [delay, roll, audio] : [audio];
  return segmentHead(
    TICK_NS,
    trackEntry(SOUND_TRACK, TRACK_TYPE.sound, codecId, codecPrivate, ...details),
    trackEntry(PICTURE_TRACK, TRACK_TYPE.pictures, 'V_MPEG4/ISO/AVC', pictures.config, video),
  );
}

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

/** Where in a stream the first cluster begins; -1 where there is none. */
export function clusterIn(bytes: Uint8Array, from: Bytes = 0): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(CLUSTER, from);
}

/** Where in a stream the first cluster begins that begins with a key picture; -1 where there is none. */
export function keyClusterIn(bytes: Uint8Array): number {
  for (let at = clusterIn(bytes); at >= 0; at = clusterIn(bytes, at + 1)) {
    const block = at + CLUSTER.length + TIME_BYTES;
    const [flags, track] = [bytes[block + BLOCK_HEAD - 1], bytes[block + BLOCK_HEAD - 4]];
    if (bytes[block] === 0xa3 && track === (0x80 | PICTURE_TRACK) && flags === 0x80) return at;
  }
  return -1;
}

const CLUSTER = Uint8Array.of(0x1f, 0x43, 0xb6, 0x75, ...UNKNOWN_SIZE);
const TIME_BYTES: Bytes = 10;
const BLOCK_HEAD: Bytes = 9;
