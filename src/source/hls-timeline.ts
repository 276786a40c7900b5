import { TIMESTAMP_WRAP } from '../media/ts-pes.ts';
import type { Frames, Samples, Seconds } from '../units.ts';
import type { HlsCoding, HlsPacket } from './hls-sound.ts';

/** Where the next packet stands. */
export interface HlsClock {
  /** Decoded samples before it. */
  readonly next: Samples;
  /** The time stamp that is expected of it; null where the next one may say anything. */
  readonly at: Seconds | null;
}

/** A packet, or silence, in its place. */
export interface PlacedPacket {
  readonly bytes: Uint8Array;
  readonly samples: Samples;
  /** Decoded samples before it. */
  readonly at: Samples;
}

export const START: HlsClock = { next: 0, at: null };

/** What is missing for longer was not cut out: the clock was set anew. */
const LONGEST_GAP: Seconds = 30;
/** What is there twice for longer begins a segment whose clock was set anew. */
const LONGEST_OVERLAP: Seconds = 1;

/**
 * Lays packets behind each other from `clock` on, as their time stamps say: silence where sound is missing, and what was
 * there before left out, each in whole frames. Less than half a frame is no more than rounding.
 */
export function placePackets(
  clock: HlsClock,
  packets: readonly HlsPacket[],
  coding: HlsCoding,
): { readonly placed: readonly PlacedPacket[]; readonly clock: HlsClock } {
  const placed: PlacedPacket[] = [];
  const { sampleRate, frameSamples } = coding;
  let { next, at: expected } = clock;
  let stamp: Seconds | null = null;
  for (const { bytes, samples, at } of packets) {
    stamp = at ?? stamp ?? expected;
    const off = stamp === null || expected === null ? 0 : stampsApart(stamp, expected);
    const frames = isStep(off) ? Math.round((off * sampleRate) / frameSamples) : 0;
    if (stamp !== null) stamp += samples / sampleRate;
    if (frames < 0) continue;
    const silence = frames > 0 ? silentRun(next, frames, coding) : [];
    placed.push(...silence);
    next += silence.length * frameSamples;
    placed.push({ bytes, samples, at: next });
    next += samples;
    expected = stamp;
  }
  return { placed, clock: { next, at: expected } };
}

/** Silence that stands for `duration` of sound, and the clock behind it. */
export function placeSilence(
  { next, at }: HlsClock,
  duration: Seconds,
  coding: HlsCoding,
): { readonly placed: readonly PlacedPacket[]; readonly clock: HlsClock } {
  const { sampleRate, frameSamples } = coding;
  const placed = silentRun(next, Math.round((duration * sampleRate) / frameSamples), coding);
  const samples = placed.length * frameSamples;
  return { placed, clock: { next: next + samples, at: at === null ? null : at + samples / sampleRate } };
}

const isStep = (off: Seconds): boolean => off < LONGEST_GAP && off + LONGEST_OVERLAP > 0;

/** How far a time stamp is from another one. They begin again after their last one. */
export function stampsApart(stamp: Seconds, expected: Seconds): Seconds {
  const off = stamp - expected;
  return off - TIMESTAMP_WRAP * Math.round(off / TIMESTAMP_WRAP);
}

/** Where there is no silent packet, what is missing is left out. */
function silentRun(next: Samples, frames: Frames, { silence, frameSamples }: HlsCoding): PlacedPacket[] {
  if (silence === null) return [];
  return Array.from({ length: frames }, (_, i) => ({
    bytes: silence,
    samples: frameSamples,
    at: next + i * frameSamples,
  }));
}
