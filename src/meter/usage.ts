import type { FailureCode } from '../errors.ts';
import type { Bytes, Milliseconds, Seconds } from '../units.ts';

/** What one response has cost so far. Written by the parts it passes through, read when it is over. */
export interface Meter {
  sourceBytes: Bytes;
  encoderCpuMs: Milliseconds;
  chunksEncoded: number;
  chunksStored: number;
  /** How long the first audio waited for each part. */
  probeMs: Milliseconds;
  sourceMs: Milliseconds;
  encodeMs: Milliseconds;
  storeMs: Milliseconds;
}

/** How a response ended. `cut`: it had begun and could not be finished; `left`: the listener went away. */
export type Outcome = 'whole' | 'refused' | 'cut' | 'left';

/** What of a framed stream, or of a channel, one body brought, on the timeline of the output, and how it ended; null: in nothing. */
export interface LegRecord {
  from: Seconds;
  to: Seconds;
  end: 'leg' | 'eos' | 'error' | null;
  /** Of a channel: whether this process made chunks of it in the meantime, or others did. */
  role?: 'produced' | 'followed';
}

/** One line of the usage log. */
export interface UsageRecord {
  readonly time: string;
  readonly kind: string;
  readonly method: string;
  readonly status: number;
  /** Canonical options of the link; null when it was refused before they were known. */
  readonly rendition: string | null;
  /** The Range header as it came. */
  readonly range: string | null;
  readonly bytes: Bytes;
  /** To the first audio frame, null when none was sent; and to the end. */
  readonly firstAudioMs: Milliseconds | null;
  readonly totalMs: Milliseconds;
  readonly sourceBytes: Bytes;
  readonly chunksEncoded: number;
  readonly chunksStored: number;
  readonly encoderCpuMs: Milliseconds;
  /** Of a framed stream, and of a channel. */
  readonly leg?: Readonly<LegRecord>;
  readonly outcome: Outcome;
  readonly error: FailureCode | null;
  /** For the log alone; see BatonError. */
  readonly detail?: string;
}

/** A meter at zero. */
export const newMeter = (): Meter => ({
  sourceBytes: 0,
  encoderCpuMs: 0,
  chunksEncoded: 0,
  chunksStored: 0,
  probeMs: 0,
  sourceMs: 0,
  encodeMs: 0,
  storeMs: 0,
});

/** The meter as a Server-Timing header (W3C Server Timing), in milliseconds. */
export const serverTiming = (meter: Meter): string =>
  (['probe', 'source', 'encode', 'store'] as const)
    .map((part) => `${part};dur=${meter[`${part}Ms`].toFixed(1)}`)
    .join(', ');
