import { SAMPLE_RATE } from './demo-note.ts';

/** Positions of a table that hold one period; a power of two. */
export const TABLE = 2048;

/** One period of a sound with these harmonics, and its first value again at the end. */
function wave(...harmonics: readonly number[]): Float32Array {
  return Float32Array.from({ length: TABLE + 1 }, (_, i) =>
    harmonics.reduce((sum, level, h) => sum + level * Math.sin((2 * Math.PI * (h + 1) * i) / TABLE), 0),
  );
}

export const SINE = wave(1);
export const SOFT = wave(0.7, 0.26, 0.15, 0.07, 0.05, 0.02);
export const ROUND = wave(0.8, 0.34, 0.12, 0.05, 0.02);
export const GLASS = wave(0.85, 0.12, 0.16, 0.03);
export const NOISE = noise(SAMPLE_RATE);

/** White noise that is the same at every start (xorshift). */
function noise(length: number): Float32Array {
  let state = 0x2545f491;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  });
}

/** Table positions for each sample. */
export const speed = (pitch: number): number => (440 * 2 ** ((pitch - 69) / 12) * TABLE) / SAMPLE_RATE;

/** What is left after one sample of something that falls to 1/e in `seconds`. */
export const falling = (seconds: number): number => Math.exp(-1 / (seconds * SAMPLE_RATE));

/** The table's value at `phase`, a number of table positions of any size. */
export function read(table: Float32Array, phase: number): number {
  const whole = Math.floor(phase);
  const index = whole & (TABLE - 1);
  const here = table[index] ?? 0;
  return here + ((table[index + 1] ?? 0) - here) * (phase - whole);
}
