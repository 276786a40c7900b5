import { panned, type Sounding } from './demo-mix.ts';
import { SAMPLE_RATE, STEP, type Note } from './demo-note.ts';
import { falling, NOISE, read, SINE, TABLE } from './demo-waves.ts';

// State is copied into local variables for the length of a step: captured ones are boxed at every write.

/** A sine that drops from 142 to 47 Hz. */
export function kick({ level }: Note): Sounding {
  const [fadeBy, dropBy] = [falling(0.13), falling(0.028)];
  let state: readonly [number, number, number, number] = [0, 0, level * 0.62, 1];
  return ({ left, right, hall }) => {
    let [phase, at, fade, drop] = state;
    for (let i = 0; i < STEP; i++, at++) {
      const value = read(SINE, phase) * fade * (at < 90 ? at / 90 : 1);
      left[i] = (left[i] ?? 0) + value;
      right[i] = (right[i] ?? 0) + value;
      hall[i] = (hall[i] ?? 0) + value * 0.04;
      phase += ((47 + 95 * drop) * TABLE) / SAMPLE_RATE;
      fade *= fadeBy;
      drop *= dropBy;
    }
    state = [phase, at, fade, drop];
    return at < 5 * STEP;
  };
}

/** Filtered noise; times in seconds, shares from 0 to 1. */
export interface Burst {
  readonly attack: number;
  readonly decay: number;
  readonly gain: number;
  /** 0 dull, 1 nothing but treble. */
  readonly brightness: number;
  readonly hall: number;
}

/** Snaps, hats and shakers. */
export function burst(note: Note, { attack, decay, gain, brightness, hall: toHall }: Burst): Sounding {
  const [gainLeft, gainRight] = panned(note, gain);
  const rise = 1 / (attack * SAMPLE_RATE);
  const fadeBy = falling(decay);
  let state: readonly [number, number, number, number] = [0, 1, 0, 0];
  return ({ left, right, hall }) => {
    let [level, fade, low, at] = state;
    for (let i = 0; i < STEP; i++, at++) {
      const white = NOISE[(at + note.at * 997) % NOISE.length] ?? 0;
      low += (white - low) * 0.28;
      level = Math.min(1, level + rise);
      if (level === 1) fade *= fadeBy;
      const value = (white * brightness + low * (1 - 1.6 * brightness)) * level * fade;
      left[i] = (left[i] ?? 0) + value * gainLeft;
      right[i] = (right[i] ?? 0) + value * gainRight;
      hall[i] = (hall[i] ?? 0) + value * gain * note.level * toHall;
    }
    state = [level, fade, low, at];
    return at < (attack + 8 * decay) * SAMPLE_RATE;
  };
}
