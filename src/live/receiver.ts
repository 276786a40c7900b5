import type { Milliseconds, Samples, Seconds } from '../units.ts';
import type { EpochCause } from './epoch.ts';
import type { LiveFormat, LivePacket, LivePicture, LiveTitle, Station } from '../intake/intake.ts';
import type { PictureFacts } from '../media/picture-facts.ts';

/** One of the sources of a channel, as it comes in. */
export interface Receiver {
  readonly url: string;
  format: LiveFormat | null;
  station: Station;
  /** What it said was on before it was known where. */
  title: LiveTitle | null;
  /** The newest packets that follow each other, at most 10 s and 1,000 of them. */
  recent: readonly LivePacket[];
  /** Monotonic time of the first packet of the connection; null before. */
  steadySince: Milliseconds | null;
  /** Where in the newest epoch its next packet lies, in decoded samples; null until that is known. */
  next: Samples | null;
  /** Why the next epoch begins, when one has to. */
  cause: EpochCause;
  /** How much it says itself that is lost before the next packet. */
  missingMs: Milliseconds;
  /** Since when packets are looked at to tell where they belong. */
  placingSince: Milliseconds | null;
  /** Of the connection: how much sound came so far, up to the last change of its rate and since. */
  clock: { readonly before: Seconds; readonly samples: Samples };
  pictureFacts: PictureFacts | null;
  /** Those that came before it was known where its sound lies, and whether something may be missing before them. */
  pictures: readonly LivePicture[];
  isPictureCut: boolean;
  /** How far what it has brought was ahead of real time, and when; see `aheadMs`. */
  ahead: { readonly ms: Milliseconds; readonly at: Milliseconds };
}

const KEPT: Seconds = 10;
/** Twice as many as there are of 20 ms. */
const MOST_PACKETS = 1_000;

export const createReceiver = (url: string, cause: EpochCause): Receiver => ({
  ...{ url, cause, format: null, station: {}, title: null, recent: [], steadySince: null },
  ...{ next: null, placingSince: null, missingMs: 0 },
  ...{ clock: { before: 0, samples: 0 }, pictureFacts: null, pictures: [], isPictureCut: true },
  ahead: { ms: 0, at: 0 },
});

/** A new connection, or a new decoder: what follows has to be placed. */
export function interrupted(receiver: Receiver, cause: EpochCause): void {
  if (receiver.next !== null) receiver.cause = cause;
  Object.assign(receiver, { recent: [], steadySince: null, next: null, placingSince: null, missingMs: 0 });
  receiver.isPictureCut = true;
}

export function received(receiver: Receiver, packets: readonly LivePacket[], clock: Milliseconds): void {
  receiver.steadySince ??= clock;
  const added = packets.reduce((sum, packet) => sum + packet.samples, 0);
  receiver.clock = { ...receiver.clock, samples: receiver.clock.samples + added };
  const most = KEPT * (receiver.format?.sampleRate ?? Infinity);
  const all = [...receiver.recent, ...packets];
  let samples = 0;
  const from = all.findLastIndex((packet) => (samples += packet.samples) > most);
  receiver.recent = all.slice(Math.max(from + 1, all.length - MOST_PACKETS));
}

/** How far what it has brought is ahead of real time. Where it was behind, it is not expected to catch up. */
export const aheadMs = ({ ahead }: Receiver, clock: Milliseconds): Milliseconds =>
  Math.max(0, ahead.ms - (clock - ahead.at));

/** It has brought so much sound that was not there before. */
export function brought(receiver: Receiver, samples: Samples, clock: Milliseconds): void {
  const ms = (samples * 1000) / (receiver.format?.sampleRate ?? Infinity);
  receiver.ahead = { ms: aheadMs(receiver, clock) + ms, at: clock };
}

/** How much sound the connection has brought, gaps included. */
export const clockOf = ({ clock, format }: Receiver): Seconds =>
  clock.before + (format === null ? 0 : clock.samples / format.sampleRate);

/** What comes next may have another rate, and comes after so much that is lost. */
export function clockOn(receiver: Receiver, missing: Seconds): void {
  receiver.clock = { before: clockOf(receiver) + missing, samples: 0 };
}

/** A new connection, whose clock begins. */
export function clockAnew(receiver: Receiver): void {
  Object.assign(receiver, { clock: { before: 0, samples: 0 }, pictureFacts: null, pictures: [], isPictureCut: true });
}
