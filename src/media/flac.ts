import type { Bytes, Hertz, Samples } from '../units.ts';
import { bitReader } from './bits.ts';
import { crc16, crc8 } from './crc.ts';

/** STREAMINFO (RFC 9639 8.2): what holds for all frames. */
export interface FlacInfo {
  readonly minBlock: Samples;
  readonly maxBlock: Samples;
  /** 0 when it is not known. */
  readonly maxFrame: Bytes;
  readonly sampleRate: Hertz;
  readonly channels: number;
  readonly bits: number;
  /** Null when it is not known. */
  readonly samples: Samples | null;
}

/** The header of one frame (RFC 9639 9.1). */
export interface FlacHeader {
  /** Of its first sample. */
  readonly at: Samples;
  readonly samples: Samples;
  readonly length: Bytes;
}

/** `fLaC` and STREAMINFO with its block header. */
export const FLAC_HEAD_BYTES: Bytes = 42;
/** STREAMINFO itself. */
export const FLAC_INFO_BYTES: Bytes = 34;
const MAX_HEADER_BYTES: Bytes = 17;
const CHECKSUM_BYTES: Bytes = 2;
const BITS = [0, 8, 12, 0, 16, 20, 24, 32];
const RATES: readonly Hertz[] = [
  0, 88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
];

/** What the content of a STREAMINFO block says, or null when it says nothing possible. */
export function readFlacInfo(block: Uint8Array): FlacInfo | null {
  if (block.length < FLAC_INFO_BYTES) return null;
  const read = bitReader(block);
  const [minBlock, maxBlock, , maxFrame] = [read(16), read(16), read(24), read(24)];
  const [sampleRate, channels, bits] = [read(20), read(3) + 1, read(5) + 1];
  const samples = read(6) * 2 ** 30 + read(30);
  if (sampleRate === 0 || maxBlock < 16 || minBlock > maxBlock) return null;
  return { minBlock, maxBlock, maxFrame, sampleRate, channels, bits, samples: samples === 0 ? null : samples };
}

/** The most bytes that a frame can have: those of samples that are not compressed, whatever more the stream says. */
export function maxFlacFrame({ maxFrame, maxBlock, channels, bits }: FlacInfo): Bytes {
  const verbatim = MAX_HEADER_BYTES + channels + Math.ceil((maxBlock * channels * (bits + 1)) / 8) + CHECKSUM_BYTES;
  return maxFrame > 0 ? Math.min(maxFrame, verbatim) : verbatim;
}

/**
 * The frame header at `start` of `bytes`, or null when there is none that fits the stream and its own checksum. Looks at
 * 17 bytes.
 */
export function readFlacHeader(bytes: Uint8Array, start: number, info: FlacInfo): FlacHeader | null {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0] = bytes.subarray(start, start + 4);
  if (b0 !== 0xff || b1 >> 1 !== 0x7c || !fits(b2 & 15, b3, info)) return null;
  const number = codedNumber(bytes, start + 4);
  if (number === null) return null;
  const block = blockSize(bytes, number.end, b2 >> 4);
  if (block === null || block.samples > info.maxBlock) return null;
  const end = block.end + ({ 12: 1, 13: 2, 14: 2 }[b2 & 15] ?? 0);
  if (crc8(bytes, start, end) !== bytes[end]) return null;
  const at = (b1 & 1) === 1 ? number.value : number.value * info.maxBlock;
  return { at, samples: block.samples, length: end + 1 - start };
}

/** Rate, channels and bits of a frame: those of the stream, or left to it. */
function fits(rate: number, b3: number, { sampleRate, channels, bits }: FlacInfo): boolean {
  const assignment = b3 >> 4;
  const known = RATES[rate] ?? 0;
  if (rate === 15 || (b3 & 1) === 1 || assignment > 10 || (known > 0 && known !== sampleRate)) return false;
  const size = (b3 >> 1) & 7;
  return size !== 3 && (size === 0 || BITS[size] === bits) && (assignment < 8 ? assignment + 1 : 2) === channels;
}

/** Coded like a character of UTF-8, of up to seven bytes. */
function codedNumber(bytes: Uint8Array, start: number): { value: number; end: number } | null {
  const first = bytes[start] ?? 0xff;
  if (first < 0x80) return { value: first, end: start + 1 };
  const length = Math.clz32(~(first << 24));
  if (length < 2 || length > 7) return null;
  let value = first & (0x7f >> length);
  for (let at = start + 1; at < start + length; at++) {
    const next = bytes[at] ?? 0;
    if (next >> 6 !== 2) return null;
    value = value * 64 + (next & 63);
  }
  return { value, end: start + length };
}

function blockSize(bytes: Uint8Array, at: number, code: number): { samples: Samples; end: number } | null {
  if (code === 0) return null;
  if (code === 1) return { samples: 192, end: at };
  if (code <= 5) return { samples: 144 << code, end: at };
  if (code === 6) return { samples: (bytes[at] ?? 0) + 1, end: at + 1 };
  if (code === 7) return { samples: ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0) + 1, end: at + 2 };
  return { samples: 1 << code, end: at };
}

/** A frame of `samples` samples of silence: what stands where others cannot be read. */
export function silentFlacFrame({ channels, bits }: FlacInfo, samples: Samples): Uint8Array {
  const header = [0xff, 0xf8, 0x70, (channels - 1) << 4, 0, (samples - 1) >> 8, (samples - 1) & 0xff];
  // One constant subframe for each channel: eight bits of header, then the sample.
  const content = new Uint8Array(header.length + 1 + Math.ceil((channels * (8 + bits)) / 8) + CHECKSUM_BYTES);
  content.set(header);
  content[header.length] = crc8(content, 0, header.length);
  const end = content.length - CHECKSUM_BYTES;
  new DataView(content.buffer).setUint16(end, crc16(content, 0, end));
  return content;
}
