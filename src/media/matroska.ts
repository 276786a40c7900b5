import type { Bytes, Hertz, Milliseconds } from '../units.ts';

/** The one audio track of a stream. */
export interface MatroskaTrack {
  readonly codecId: 'A_AAC' | 'A_MPEG/L3' | 'A_OPUS' | 'A_VORBIS' | 'A_FLAC' | 'A_ALAC';
  /** AudioSpecificConfig, OpusHead and the like; MP3 has none. */
  readonly codecPrivate?: Uint8Array;
  readonly sampleRate: Hertz;
  readonly channels: number;
}

/** The one track of a stream of pictures. */
export interface MatroskaPictures {
  readonly codecId: 'V_MPEG4/ISO/AVC' | 'V_MPEGH/ISO/HEVC' | 'V_VP8' | 'V_VP9' | 'V_AV1' | 'V_MPEG4/ISO/ASP';
  readonly codecPrivate?: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** How long a picture lasts: after the last one nothing else tells. */
  readonly pictureMs: Milliseconds;
}

const TRACK = 1;
const VIDEO = 1;
const AUDIO = 2;
const NANOSECONDS_PER_TICK = 1_000_000;
const UNKNOWN_SIZE = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
const PACKET_HEAD_BYTES: Bytes = 27;

/**
 * The head of an endless Matroska stream with one audio track (RFC 9559): a segment of unknown size, its clock of 1 ms,
 * its track. `matroskaPacket`s follow.
 */
export function matroskaHead({ codecId, codecPrivate, sampleRate, channels }: MatroskaTrack): Uint8Array {
  const sound = element([0xe1], element([0xb5], double(sampleRate)), element([0x9f], uint(channels)));
  return streamHead(AUDIO, codecId, codecPrivate, sound);
}

/** The same of a stream with one track of pictures. */
export function matroskaPicturesHead({
  codecId,
  codecPrivate,
  width,
  height,
  pictureMs,
}: MatroskaPictures): Uint8Array {
  const picture = element([0xe0], element([0xb0], uint(width)), element([0xba], uint(height)));
  const lasting = element([0x23, 0xe3, 0x83], uint(pictureMs * NANOSECONDS_PER_TICK)); // DefaultDuration
  return streamHead(VIDEO, codecId, codecPrivate, lasting, picture);
}

function streamHead(
  type: number,
  codecId: string,
  codecPrivate: Uint8Array | undefined,
  ...details: Part[]
): Uint8Array {
  const head = element(
    [0x1a, 0x45, 0xdf, 0xa3],
    element([0x42, 0x82], ascii('matroska')),
    element([0x42, 0x87], uint(4)), // DocTypeVersion
    element([0x42, 0x85], uint(2)), // DocTypeReadVersion
  );
  const info = element(
    [0x15, 0x49, 0xa9, 0x66],
    element([0x2a, 0xd7, 0xb1], uint(NANOSECONDS_PER_TICK)),
    element([0x4d, 0x80], ascii('Baton')), // MuxingApp
    element([0x57, 0x41], ascii('Baton')), // WritingApp
  );
  const track = element(
    [0xae],
    element([0xd7], uint(TRACK)), // TrackNumber
    element([0x73, 0xc5], uint(TRACK)), // TrackUID
    element([0x83], uint(type)), // TrackType
    element([0x9c], uint(0)), // FlagLacing
    element([0x86], ascii(codecId)),
    codecPrivate ? element([0x63, 0xa2], codecPrivate) : [],
    ...details,
  );
  return concat([head, [0x18, 0x53, 0x80, 0x67], UNKNOWN_SIZE, info, element([0x16, 0x54, 0xae, 0x6b], track)]);
}

/**
 * One packet as a cluster of its own, so that no state is kept and no relative timestamp can overflow.
 *
 * @param timestampMs not negative, from any origin; kept in whole milliseconds
 */
export function matroskaPacket(packet: Uint8Array, timestampMs: Milliseconds): Uint8Array {
  const cluster = new Uint8Array(PACKET_HEAD_BYTES + packet.length);
  cluster.set(matroskaPacketHead(packet.length, timestampMs));
  cluster.set(packet, PACKET_HEAD_BYTES);
  return cluster;
}

/** What stands before a packet of `bytes` in its cluster, for packets that are too large to be copied. */
export function matroskaPacketHead(bytes: Bytes, timestampMs: Milliseconds): Uint8Array {
  const head = new Uint8Array(PACKET_HEAD_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, 0x1f43b675);
  view.setUint32(4, size(19 + bytes));
  view.setUint16(8, 0xe788); // Timestamp, 8 bytes
  view.setBigUint64(10, BigInt(Math.round(timestampMs)));
  view.setUint8(18, 0xa3); // SimpleBlock
  view.setUint32(19, size(4 + bytes));
  view.setUint32(23, 0x81000080); // track 1, at the cluster's timestamp, key frame
  return head;
}

type Part = Uint8Array | readonly number[];

/** An EBML element with its size in four bytes (RFC 8794 section 4). */
function element(id: readonly number[], ...content: readonly Part[]): Part {
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, size(content.reduce((sum, part) => sum + part.length, 0)));
  return concat([id, new Uint8Array(length.buffer), ...content]);
}

/** A size as a variable-length integer of four bytes. */
const size = (bytes: Bytes): number => 0x10000000 | bytes;

const ascii = (text: string): Part => new TextEncoder().encode(text);

const uint = (value: number): Part => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);

function double(value: number): Part {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return new Uint8Array(view.buffer);
}

const concat = (parts: readonly Part[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
