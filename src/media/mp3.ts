import type { Bytes, Hertz, Kbps, Samples } from '../units.ts';
import { type Frame, type FrameFormat, type FrameWalker, frameWalker } from './frame-walker.ts';

/** What the four bytes at the start of an MPEG audio layer III frame say (ISO/IEC 11172-3 2.4.2.3, 13818-3 2.4.2.3). */
export interface Mp3Header {
  /** 1 and 2 are the standards; 2.5 is the common extension to 8, 11.025 and 12 kHz. */
  readonly version: 1 | 2 | 2.5;
  readonly layer: 3;
  readonly kbps: Kbps;
  readonly sampleRate: Hertz;
  readonly channels: 1 | 2;
  /** 0 stereo, 1 joint stereo, 2 dual channel, 3 mono. */
  readonly channelMode: 0 | 1 | 2 | 3;
  readonly padding: 0 | 1;
  /** Two bytes of CRC follow the header. */
  readonly crc: boolean;
  /** The whole frame, header included. */
  readonly frameBytes: Bytes;
  readonly frameSamples: Samples & (1152 | 576);
  /** Side information after header and CRC; a Xing tag stands behind it. */
  readonly sideInfoBytes: Bytes;
}

export type Mp3Frame = Frame<Mp3Header>;
export type Mp3Walker = FrameWalker<Mp3Header>;

const HEADER_BYTES: Bytes = 4;
/** A padded frame of 320 kbit/s at 32 kHz: no layer III frame is longer. */
export const MAX_FRAME_BYTES: Bytes = 1441;
/** What a layer III decoder puts in front of the sound. */
export const DECODER_DELAY: Samples = 529;

const KBPS: Readonly<Record<1 | 2, readonly Kbps[]>> = {
  1: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

/** Every legal header by the 12 bits that matter, so that reading one allocates nothing. */
const HEADERS: readonly (Mp3Header | null)[] = Array.from({ length: 4096 }, (_, bits) => decodeHeader(bits));

/**
 * The layer III frame header at `offset`, or null when there is none: no sync word, another layer, free format, reserved
 * bitrate, rate or version, or fewer than four bytes. The reserved emphasis is let through, as decoders do.
 */
export function readMp3Header(bytes: Uint8Array, offset: number): Mp3Header | null {
  if (bytes[offset] !== 0xff) return null;
  const second = bytes[offset + 1] ?? 0;
  const third = bytes[offset + 2] ?? 0;
  const fourth = bytes[offset + 3];
  if ((second & 0xe6) !== 0xe2 || fourth === undefined) return null;
  return HEADERS[((second & 0x18) << 7) | ((second & 1) << 9) | ((third & 0xfe) << 1) | (fourth >> 6)] ?? null;
}

/** How many bytes of main data before it a frame leans on (ISO/IEC 11172-3 2.4.1.7, 13818-3 2.4.1.7); 0 for what is no frame. */
export function mp3MainDataBegin(frame: Uint8Array): Bytes {
  const header = readMp3Header(frame, 0);
  if (header === null) return 0;
  const at = HEADER_BYTES + (header.crc ? 2 : 0);
  const first = frame[at] ?? 0;
  return header.version === 1 ? (first << 1) | ((frame[at + 1] ?? 0) >> 7) : first;
}

/** True when two frames can belong to one stream: same sample rate, hence same MPEG version. */
export const sameStream = (a: Mp3Header, b: Mp3Header): boolean => a.sampleRate === b.sampleRate;

/** The layer III bitrates of an MPEG version, lowest first. */
export function mp3Bitrates(version: Mp3Header['version']): readonly Kbps[] {
  return KBPS[version === 1 ? 1 : 2];
}

/** Splits a byte stream into layer III frames: see `frameWalker`. */
export const mp3Walker = (first?: Mp3Header, from?: 'frame' | 'anywhere'): Mp3Walker =>
  frameWalker(MP3_FRAMES, first, from);

export const MP3_FRAMES: FrameFormat<Mp3Header> = {
  read: readMp3Header,
  isSame: sameStream,
  headerBytes: HEADER_BYTES,
  maxFrameBytes: MAX_FRAME_BYTES,
};

/** `bits`: version (2), no CRC (1), bitrate (4), rate (2), padding (1), channel mode (2). */
function decodeHeader(bits: number): Mp3Header | null {
  const version = ([2.5, null, 2, 1] as const)[bits >> 10] ?? null;
  const baseRate = [44_100, 48_000, 32_000][(bits >> 3) & 3];
  if (version === null || baseRate === undefined) return null;
  const kbps = mp3Bitrates(version)[((bits >> 5) & 15) - 1];
  if (kbps === undefined) return null;

  const channelMode = (bits & 3) as Mp3Header['channelMode'];
  const channels = channelMode === 3 ? 1 : 2;
  const padding = ((bits >> 2) & 1) as 0 | 1;
  const crc = ((bits >> 9) & 1) === 0;
  const sampleRate = baseRate / (version === 1 ? 1 : version === 2 ? 2 : 4);
  const frameSamples = version === 1 ? 1152 : 576;
  const frameBytes = Math.floor((frameSamples * 125 * kbps) / sampleRate) + padding;
  const sideInfoBytes = version === 1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  const shape = { version, layer: 3, sampleRate, channels, channelMode, frameSamples, sideInfoBytes } as const;
  return Object.freeze({ ...shape, kbps, padding, crc, frameBytes });
}
