import { hear, RATE, type Chirp, type Heard } from '../player/chirp.ts';

const LOW = 1000;
const HIGH = 4000;

/** As `hear`, wherever in the chirp the recording begins: the pitch in its third second tells. */
export function hearAnywhere(recorded: Float32Array, chirp: Chirp): Heard {
  const begin = recorded.findIndex((sample) => Math.abs(sample) >= 0.02);
  const crossings: number[] = [];
  for (let i = begin + 2 * RATE; i < begin + 2.5 * RATE; i++) {
    const [a = 0, b = 0] = [recorded[i], recorded[i + 1]];
    if (a < 0 !== b < 0) crossings.push(i + a / (a - b));
  }
  const [first = 0, last = 0] = [crossings[0], crossings.at(-1)];
  const pitch = ((crossings.length - 1) / 2 / (last - first)) * RATE;
  const middle = ((pitch - LOW) / (HIGH - LOW)) * chirp.seconds;
  return hear(recorded, chirp, { at: middle - ((first + last) / 2 - begin) / RATE });
}
