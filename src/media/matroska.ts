import type { Bytes, Hertz, Milliseconds } from '../units.ts';
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
const NANOSECONDS_PER_TICK = 1_000_000;
const PACKET_HEAD_BYTES: Bytes = 27;

/**
 * The head of an endless Matroska stream with one audio track (RFC 9559): a segment of unknown size, its clock of 1 ms,
 * its track. `matroskaPacket`s follow.
 */
export function matroskaHead({ codecId, codecPrivate, sampleRate, channels }: MatroskaTrack): Uint8Array {
  const sound = ebmlElement(
    [0xe1],
    ebmlElement([0xb5], ebmlDouble(sampleRate)),
    ebmlElement([0x9f], ebmlNumber(channels)),
  );
  return segmentHead(NANOSECONDS_PER_TICK, trackEntry(TRACK, TRACK_TYPE.sound, codecId, codecPrivate, sound));
}

/** The same of a stream with one track of pictures. */
export function matroskaPicturesHead({
  codecId,
  codecPrivate,
  width,
  height,
  pictureMs,
}: MatroskaPictures): Uint8Array {
  const picture = ebmlElement([0xe0], ebmlElement([0xb0], ebmlNumber(width)), ebmlElement([0xba], ebmlNumber(height)));
  const lasting = ebmlElement([0x23, 0xe3, 0x83], ebmlNumber(pictureMs * NANOSECONDS_PER_TICK)); // DefaultDuration
  const entry = trackEntry(TRACK, TRACK_TYPE.pictures, codecId, codecPrivate, lasting, picture);
  return segmentHead(NANOSECONDS_PER_TICK, entry);
}

/** The beginning of a segment of unknown size, without anything that points into it: its clock and its tracks. */
export function segmentHead(tickNs: number, ...tracks: readonly Uint8Array[]): Uint8Array {
  const head = ebmlElement(
    [0x1a, 0x45, 0xdf, 0xa3],
    ebmlElement([0x42, 0x82], ebmlAscii('matroska')),
    ebmlElement([0x42, 0x87], ebmlNumber(4)), // DocTypeVersion
    ebmlElement([0x42, 0x85], ebmlNumber(2)), // DocTypeReadVersion
  );
  const info = ebmlElement(
    [0x15, 0x49, 0xa9, 0x66],
    ebmlElement([0x2a, 0xd7, 0xb1], ebmlNumber(tickNs)),
    ebmlElement([0x4d, 0x80], ebmlAscii('Baton')), // MuxingApp
    ebmlElement([0x57, 0x41], ebmlAscii('Baton')), // WritingApp
  );
  const all = ebmlElement([0x16, 0x54, 0xae, 0x6b], ...tracks);
  return ebmlJoined([head, [0x18, 0x53, 0x80, 0x67], UNKNOWN_SIZE, info, all]);
}

export const TRACK_TYPE = { pictures: 1, sound: 2 } as const;

/** A track of a segment; its blocks are not laced. */
export const trackEntry = (
  number: number,
  type: (typeof TRACK_TYPE)[keyof typeof TRACK_TYPE],
  codecId: string,
  codecPrivate: Uint8Array | undefined,
  ...details: readonly EbmlPart[]
): Uint8Array =>
  ebmlElement(
    [0xae],
    ebmlElement([0xd7], ebmlNumber(number)), // TrackNumber
    ebmlElement([0x73, 0xc5], ebmlNumber(number)), // TrackUID
    ebmlElement([0x83], ebmlNumber(type)), // TrackType
    ebmlElement([0x9c], ebmlNumber(0)), // FlagLacing
    ebmlElement([0x86], ebmlAscii(codecId)),
    codecPrivate ? ebmlElement([0x63, 0xa2], codecPrivate) : [],
    ...details,
  );

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
  view.setUint32(4, ebmlSize(19 + bytes));
  view.setUint16(8, 0xe788); // Timestamp, 8 bytes
  view.setBigUint64(10, BigInt(Math.round(timestampMs)));
  view.setUint8(18, 0xa3); // SimpleBlock
  view.setUint32(19, ebmlSize(4 + bytes));
  view.setUint32(23, 0x81000080); // track 1, at the cluster's timestamp, key frame
  return head;
}
