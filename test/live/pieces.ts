import { RATE, type Chirp, type Heard } from '../player/chirp.ts';
import { hearAnywhere } from './chirp-ear.ts';
import type { Listener } from './listener.ts';

/** Shorter ones cannot be measured. */
const LEAST_SECONDS = 4;

/** What was heard of a chirp between losses that the listener was told of. */
export async function piecesOf(listener: Listener, chirp: Chirp): Promise<Heard[]> {
  const heard = await listener.heard();
  const losses = listener.events.filter(({ type }) => type === 'discontinuity');
  const marks = losses.map((event) => listener.sampleAt('time' in event ? event.time : 0));
  const cuts = [...new Set([0, ...marks])].sort((a, b) => a - b);
  return cuts
    .map((from, index) => heard.subarray(from, cuts[index + 1] ?? heard.length))
    .filter(({ length }) => length > LEAST_SECONDS * RATE)
    .map((piece) => hearAnywhere(piece, chirp));
}
