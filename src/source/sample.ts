import type { Bytes } from '../units.ts';
import type { ReadBytes } from './reader.ts';

/** What a probe can look at. */
export interface Sample {
  /** The first 64 kB, or all of a shorter source. */
  readonly head: Uint8Array;
  readonly size: Bytes | null;
  /** The last 32 kB, or all of a shorter source; null when the end cannot be read first. */
  readonly tail: Promise<Uint8Array> | null;
  /** Keeps what it reads for the first chunk. */
  readonly read: ReadBytes;
  /** Reads no more than it is asked for; null where reading means waiting for all bytes before. */
  readonly peek: ReadBytes | null;
}

/** Where audio ends when nobody knows yet. */
export const UNKNOWN_END: Bytes = Number.MAX_SAFE_INTEGER;

/** How much of the end is read. */
export const TAIL_BYTES: Bytes = 32_768;
