import type { Bytes, Kbps, Seconds } from '../units.ts';
import type { Amount, Use } from './price.ts';

/** How audio gets to listeners, or from who publishes it. */
export const MODES = ['file', 'live-legs', 'hls', 'private', 'ingest'] as const;
export type Mode = (typeof MODES)[number];

/** So many listeners, each for so many hours; ingest: one publisher. */
export interface Scenario {
  readonly mode: Mode;
  readonly listeners: number;
  readonly hours: number;
  readonly kbps: Kbps;
  readonly memoryMb: number;
  /** A leg's (private, live-legs: the producer's) or an HLS segment's length; ingest: what a message holds. */
  readonly segmentSeconds: Seconds;
  /** What a cache answers, 0 to 1; null: as the mode has it by itself. */
  readonly cachedShare: number | null;
  /** live-legs: what a player takes each time its buffer runs low. */
  readonly burstSeconds: Seconds;
  /** file: what of all that no cache answers is encoded anew, 0 to 1; the rest comes from the store. */
  readonly encodedShare: number;
  /** file: by one streamed GET, as podcast apps do, not by the ranges of a player. */
  readonly isDownload: boolean;
}

/** What a scenario uses up, and what was taken for granted. */
export interface Estimate {
  readonly use: Use;
  /** Of one listener-hour, ingest: an hour of broadcast, before the free tier, in symbols. */
  readonly formula: string;
  readonly assumptions: readonly string[];
}

/** Memory and segment length that a mode is thought with. */
export const MODE_DEFAULTS: Readonly<Record<Mode, { readonly memoryMb: number; readonly segmentSeconds: Seconds }>> = {
  file: { memoryMb: 3538, segmentSeconds: 0 },
  'live-legs': { memoryMb: 512, segmentSeconds: 90 },
  hls: { memoryMb: 512, segmentSeconds: 4.8 },
  private: { memoryMb: 512, segmentSeconds: 840 },
  ingest: { memoryMb: 512, segmentSeconds: 0.16 }, // as the studio page sends them
};

/** A response stream's limits, in Lambda's own megabytes of a million bytes. */
export const STREAM_LIMITS = { mb: 200, seconds: 900, mbPerSecond: 2, unbilledMb: 6 } as const;

/** What `seconds` of media come to, in millions of bytes. */
export const megabytes = (kbps: Kbps, seconds: Seconds): number => (kbps * seconds) / 8 / 1000;

/** What of a stream of `bytes` is billed by the byte, in gigabytes. */
export const billedGb = (bytes: Bytes): number => Math.max(0, bytes / 1e6 - STREAM_LIMITS.unbilledMb) / 1000;

/** What listeners receive. */
export const egress = ({ listeners, hours, kbps }: Scenario): Amount => ({
  value: (listeners * hours * megabytes(kbps, 3600)) / 1000,
  how: `${listeners} x ${hours} h x ${kbps} kbit/s x 3600 / 8e6`,
});

/** What `legs` responses of a held stream are billed for by the byte. */
export function legsBilledGb({ kbps, segmentSeconds }: Scenario, legs: number): Amount {
  const legMb = megabytes(kbps, segmentSeconds);
  const how = `${brief(legs)} legs x max(0, ${brief(legMb)} - ${STREAM_LIMITS.unbilledMb}) MB / 1000`;
  return { value: legs * billedGb(legMb * 1e6), how };
}

/** A number as it is read aloud. */
export const brief = (value: number): string => String(Number(value.toPrecision(5)));
