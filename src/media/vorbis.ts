import type { Hertz, Samples } from '../units.ts';

/** What the first of the three headers says (Vorbis I specification, 4.2.2). */
export interface VorbisInfo {
  readonly channels: number;
  readonly sampleRate: Hertz;
  /** Short and long. */
  readonly blockSizes: readonly [Samples, Samples];
}

/** How long the blocks of a stream are. */
export interface VorbisModes {
  blockSize(packet: Uint8Array): Samples;
}

const INFO_BYTES = 30;
const MODE_BITS = 41;
const MOST_MODES = 64;

/** The identification header, or null when it is none. */
export function readVorbisInfo(packet: Uint8Array): VorbisInfo | null {
  if (packet.length < INFO_BYTES || packet[0] !== 1 || String.fromCharCode(...packet.subarray(1, 7)) !== 'vorbis')
    return null;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const [channels, sampleRate, sizes] = [view.getUint8(11), view.getUint32(12, true), view.getUint8(28)];
  if (channels === 0 || sampleRate === 0) return null;
  return { channels, sampleRate, blockSizes: [1 << (sizes & 15), 1 << (sizes >> 4)] };
}

/**
 * Which block sizes the modes of a setup header choose (Vorbis I, 4.2.4): they stand at its very end, each a flag, two
 * fields of 16 bits that are 0, and the number of a mapping, and in front of them is their count. Null when that fits
 * nowhere.
 */
export function readVorbisModes(setup: Uint8Array, { blockSizes }: VorbisInfo): VorbisModes | null {
  const bit = (at: number): number => ((setup[at >> 3] ?? 0) >> (at & 7)) & 1;
  const bits = (at: number, length: number): number => {
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 2 + bit(at + i);
    return value;
  };
  let end = setup.length * 8 - 1;
  while (end > 0 && bit(end) === 0) end--; // the framing flag is the last bit that is set
  let found = 0;
  for (let count = 1; count <= MOST_MODES; count++) {
    const start = end - count * MODE_BITS;
    if (start < 6 || bits(start + 1, 32) !== 0) break;
    if (bits(start - 6, 6) + 1 === count) found = count;
  }
  if (found === 0) return null;
  const flags = Array.from({ length: found }, (_, mode) => bit(end - (found - mode) * MODE_BITS));
  const modeBits = Math.ceil(Math.log2(found));
  return {
    blockSize: ([first = 0]) => blockSizes[(flags[(first >> 1) & ((1 << modeBits) - 1)] ?? 0) as 0 | 1],
  };
}

/** The three headers in one, each but the last with its length in front (Xiph lacing, as in Matroska). */
export function laceHeaders(headers: readonly Uint8Array[]): Uint8Array {
  const lengths = headers
    .slice(0, -1)
    .flatMap(({ length }) => [...Array<number>(Math.floor(length / 255)).fill(255), length % 255]);
  const laced = [Uint8Array.of(headers.length - 1, ...lengths), ...headers];
  const bytes = new Uint8Array(laced.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of laced) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** What `laceHeaders` made of them; null when the lengths do not fit. */
export function unlaceHeaders(bytes: Uint8Array): Uint8Array[] | null {
  const count = (bytes[0] ?? 0) + 1;
  const lengths: number[] = [];
  let at = 1;
  while (lengths.length < count - 1) {
    let length = 0;
    while (bytes[at] === 255) length += bytes[at++] ?? 0;
    lengths.push(length + (bytes[at++] ?? 0));
    if (at > bytes.length) return null;
  }
  const headers = lengths.map((length) => bytes.subarray(at, (at += length)));
  return at > bytes.length ? null : [...headers, bytes.subarray(at)];
}
