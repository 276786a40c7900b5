import type { Bytes, Hertz } from '../units.ts';
import { latin1, viewOf } from './chunk-text.ts';

/** A chunk of an AIFF or AIFF-C file: its four letters, and what its header says of its length. */
export interface AiffChunk {
  readonly id: string;
  readonly size: Bytes;
}

/** What a `COMM` chunk says of the samples (AIFF 1.3, AIFF-C draft 1991). */
export interface AiffFormat {
  readonly channels: number;
  /** Rounded, for there are files of 22254.54 Hz. */
  readonly sampleRate: Hertz;
  /** Of the sample before any compression. */
  readonly sampleBits: number;
  /** Four letters; `NONE` for AIFF. */
  readonly compression: string;
}

const CHUNK_HEAD: Bytes = 8;
const COMMON_BYTES: Bytes = 18;

/** The chunk whose header `bytes` begin with, or null. */
export function readAiffChunk(bytes: Uint8Array): AiffChunk | null {
  if (bytes.length < CHUNK_HEAD) return null;
  return { id: latin1(bytes.subarray(0, 4)), size: viewOf(bytes).getUint32(4) };
}

/** The content of a `COMM` chunk, or null when it is none. */
export function readAiffFormat(content: Uint8Array, isCompressed: boolean): AiffFormat | null {
  if (content.length < COMMON_BYTES + (isCompressed ? 4 : 0)) return null;
  const view = viewOf(content);
  const channels = view.getUint16(0);
  const sampleBits = view.getUint16(6);
  const sampleRate = Math.round(readExtended(view, 8));
  if (channels === 0 || sampleRate < 1 || !Number.isSafeInteger(sampleRate)) return null;
  const compression = isCompressed ? latin1(content.subarray(COMMON_BYTES, COMMON_BYTES + 4)) : 'NONE';
  return { channels, sampleRate, sampleBits, compression };
}

/** How many bytes stand in a `SSND` chunk before the samples, given the first eight of its content; null: no chunk. */
export function readSoundOffset(content: Uint8Array): Bytes | null {
  return content.length < SOUND_HEAD ? null : SOUND_HEAD + viewOf(content).getUint32(0);
}

const SOUND_HEAD: Bytes = 8;

/** An IEEE 754 number of 80 bits, whose leading one is not left away. Negative and special ones come as NaN. */
function readExtended(view: DataView, at: number): number {
  const exponent = view.getUint16(at);
  const mantissa = Number(view.getBigUint64(at + 2));
  return exponent >= 0x7fff ? NaN : mantissa * 2 ** (exponent - 16_383 - 63);
}
