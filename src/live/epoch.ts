import { CHANNEL_RATE } from '../grid/live.ts';
import type { Milliseconds, Samples } from '../units.ts';
import type { LiveFormat } from '../intake/intake.ts';

/**
 * A channel is one endless stretch of sound at 48 kHz, silent where no epoch lies. An epoch is what came from a source
 * without a gap and with one decoder; positions on the channel are samples at 48 kHz from its creation on.
 */
export interface Epoch {
  /** Counts the epochs of the channel. */
  readonly id: number;
  /** Where its sound begins. */
  readonly at: Samples;
  /** Where it ends; null while it goes on. */
  readonly end: Samples | null;
  /** Decoded samples of its packets before its sound begins: what a decoder needs to come in. */
  readonly lead: Samples;
  readonly format: LiveFormat;
  /** Why it is not the one before it, and how much was lost between them. */
  readonly why: EpochCause;
  readonly missingMs: Milliseconds;
}

/**
 * `segment-lost`: of HLS, where a segment is missing or damaged, or the playlist begins anew.
 * `start`: nobody was listening before. `next-track`: a stream that begins anew with each track, without a gap.
 */
export type EpochCause =
  | 'start'
  | 'next-track'
  | 'segment-lost'
  | 'source-reset'
  | 'source-changed'
  | 'source-stalled'
  | 'fallback'
  | 'source-back';

/** 40 ms: a whole number of samples at every common rate, so that every chunk resamples in phase. */
const PHASE: Samples = 1920;
/** Chunks of every codec begin at multiples of 4.8 s. */
const COMMON: Samples = 230_400;
/** A channel that stood still for longer than this goes on at the time of day, with a hole before. */
const HOLE: Samples = 10 * CHANNEL_RATE;

/**
 * Where an epoch may begin on a channel whose sound is made up to `made`, when its clock says `now`: at once, or after a
 * hole with a whole chunk.
 */
export const placeOfNext = (made: Samples, now: Samples): Samples =>
  now - made > HOLE ? Math.ceil(now / COMMON) * COMMON : made;

/**
 * Where the resampler begins for a sound that is wanted from `position` of the channel on: one to two phases earlier, in
 * samples at 48 kHz from the start of the epoch, and in those of its source.
 */
export function resamplingFrom({ at, format }: Epoch, position: Samples): { ours: Samples; source: Samples } {
  const ours = Math.max(0, Math.floor((position - at) / PHASE) - 1) * PHASE;
  return { ours, source: Math.round((ours * format.sampleRate) / CHANNEL_RATE) };
}

/** The first sample of the epoch's source that is not needed for a sound up to `position`, with one phase to spare. */
export const resamplingTo = ({ at, format }: Epoch, position: Samples): Samples =>
  Math.ceil(((position - at + PHASE) * format.sampleRate) / CHANNEL_RATE);

/** Samples of the epoch's sound as a position on the channel. */
export const onChannel = ({ at, format }: Epoch, samples: Samples): Samples =>
  at + Math.floor((samples * CHANNEL_RATE) / format.sampleRate);

export const toSamples = (ms: Milliseconds): Samples => Math.floor(ms * (CHANNEL_RATE / 1000));
export const toMs = (samples: Samples): Milliseconds => samples / (CHANNEL_RATE / 1000);
