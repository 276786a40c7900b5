import type { Samples, Seconds } from '../units.ts';

export type Voice = 'pad' | 'bass' | 'pluck' | 'bell' | 'lead' | 'kick' | 'snap' | 'hat' | 'shaker';

/** A note of the demo's music. */
export interface Note {
  readonly voice: Voice;
  /** When it starts, in sixteenths. */
  readonly at: number;
  /** Sixteenths. */
  readonly length: number;
  /** MIDI number; 60 is middle C. */
  readonly pitch: number;
  /** 0 to 1. */
  readonly level: number;
  /** -1 left, 1 right. */
  readonly pan: number;
}

export const SAMPLE_RATE = 44_100;
/** A sixteenth at 90 beats a minute; all notes start on one. */
export const STEP: Samples = 7_350;
export const STEP_SECONDS: Seconds = STEP / SAMPLE_RATE;
/** Sixteenths. */
export const BAR = 16;
