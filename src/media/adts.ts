import type { Bytes, Hertz, Samples } from '../units.ts';
import { bitWriter } from './bits.ts';
import { type Frame, type FrameFormat, type FrameWalker, frameWalker } from './frame-walker.ts';

/** What the seven bytes at the start of an ADTS frame say (ISO/IEC 13818-7 6.2, ISO/IEC 14496-3 1.A.3.2). */
export interface AdtsHeader {
  /** 1 Main, 2 LC, 3 SSR, 4 LTP. */
  readonly objectType: 1 | 2 | 3 | 4;
  /** Sampling frequency index, and what it stands for. Spectral band replication doubles it. */
  readonly rateIndex: number;
  readonly sampleRate: Hertz;
  /** 0 where a program_config_element in the frame says it. */
  readonly channelConfig: number;
  /** CRCs stand behind the header, and behind each of several blocks. */
  readonly crc: boolean;
  /** Raw data blocks in the frame, 1 to 4. */
  readonly blocks: number;
  /** With CRC and positions of the blocks. */
  readonly headerBytes: Bytes;
  readonly frameBytes: Bytes;
}

export type AdtsFrame = Frame<AdtsHeader>;
export type AdtsWalker = FrameWalker<AdtsHeader>;

/** Of a block, before any doubling. */
export const BLOCK_SAMPLES: Samples = 1024;
/** The length field has 13 bits. */
export const MAX_ADTS_BYTES: Bytes = 8191;
const HEADER_BYTES: Bytes = 7;
const CRC_BYTES: Bytes = 2;
/** By their index, here and in an AudioSpecificConfig (ISO/IEC 14496-3 1.6.3.4). */
export const AAC_RATES: readonly Hertz[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

/** The frame header at `offset`, or null when there is none: no sync word, another layer, reserved rate, no room. */
export function readAdtsHeader(bytes: Uint8Array, offset: number): AdtsHeader | null {
  const [, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0, b6] = bytes.subarray(offset, offset + HEADER_BYTES);
  if (bytes[offset] !== 0xff || (b1 & 0xf6) !== 0xf0 || b6 === undefined) return null;
  const rateIndex = (b2 >> 2) & 15;
  const sampleRate = AAC_RATES[rateIndex];
  const crc = (b1 & 1) === 0;
  const blocks = (b6 & 3) + 1;
  const headerBytes = HEADER_BYTES + (crc ? blocks * CRC_BYTES : 0);
  const frameBytes = ((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5);
  if (sampleRate === undefined || frameBytes <= headerBytes) return null;
  const objectType = ((b2 >> 6) + 1) as AdtsHeader['objectType'];
  const channelConfig = ((b2 & 1) << 2) | (b3 >> 6);
  return { objectType, rateIndex, sampleRate, channelConfig, crc, blocks, headerBytes, frameBytes };
}

/** True when two frames can belong to one stream: one decoder takes both, and they last equally long. */
export const sameAdtsStream = (a: AdtsHeader, b: AdtsHeader): boolean =>
  a.rateIndex === b.rateIndex &&
  a.channelConfig === b.channelConfig &&
  a.objectType === b.objectType &&
  a.blocks === b.blocks;

/** Splits a byte stream into ADTS frames: see `frameWalker`. */
export const adtsWalker = (first?: AdtsHeader, from?: 'frame' | 'anywhere'): AdtsWalker =>
  frameWalker(ADTS_FRAMES, first, from);

export const ADTS_FRAMES: FrameFormat<AdtsHeader> = {
  read: readAdtsHeader,
  isSame: sameAdtsStream,
  headerBytes: HEADER_BYTES,
  maxFrameBytes: MAX_ADTS_BYTES,
};

/**
 * The raw data blocks of a whole frame, one behind the other, without header and CRCs. Positions that lie outside the
 * frame leave the blocks as they stand.
 */
export function rawBlocks(frame: Uint8Array): Uint8Array {
  const header = readAdtsHeader(frame, 0);
  if (header === null) return frame;
  const { crc, blocks, headerBytes, frameBytes } = header;
  const content = frame.subarray(headerBytes, frameBytes);
  if (!crc || blocks === 1) return content;
  const starts = Array.from({ length: blocks }, (_, i) => (i === 0 ? 0 : uint16(frame, HEADER_BYTES + 2 * (i - 1))));
  const ends = [...starts.slice(1), content.length].map((end) => end - CRC_BYTES);
  if (ends.some((end, i) => end <= (starts[i] ?? 0) || end > content.length)) return content;
  const parts = ends.map((end, i) => content.subarray(starts[i], end));
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * The AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1) of a stream, which says whether there is spectral band replication,
 * so that a decoder does not have to find out.
 *
 * @param program the program_config_element where the header's channel configuration is 0
 */
export function audioSpecificConfig(header: AdtsHeader, sbr: boolean, program: Uint8Array | null = null): Uint8Array {
  const { objectType, rateIndex, sampleRate, channelConfig } = header;
  const layout = channelConfig === 0 && program !== null ? [...program, 0] : [];
  const doubled = AAC_RATES.indexOf(2 * sampleRate);
  const rateBytes = sbr && doubled < 0 ? 3 : 0;
  const config = new Uint8Array(5 + layout.length + rateBytes);
  config.set(layout, 2);
  const write = bitWriter(config, 0);
  write(objectType, 5);
  write(rateIndex, 4);
  write(channelConfig, 4);
  const writeExtension = bitWriter(config, 2 + layout.length);
  writeExtension(SBR_EXTENSION, 16);
  writeExtension(sbr ? 1 : 0, 1);
  if (!sbr) return config;
  writeExtension(doubled < 0 ? 15 : doubled, 4);
  if (doubled < 0) writeExtension(2 * sampleRate, 24);
  return config;
}

/** The sync word 0x2b7 and object type 5: what follows says whether there is SBR. */
const SBR_EXTENSION = 0x56e5;

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
