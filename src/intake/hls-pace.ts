import { setTimeout as sleep } from 'node:timers/promises';
import type { Milliseconds } from '../units.ts';

/** Gives sound that comes in large pieces on as it is heard. */
export interface Pace {
  /** Resolves when `ms` more of sound may go on. Throws the reason of `signal`. */
  pass(ms: Milliseconds, signal: AbortSignal): Promise<void>;
  /** So much may go on at once. */
  hurry(ms: Milliseconds): void;
}

/** Lets as much go on as time has gone by. What came late is not caught up with. */
export function createPace(clock: () => Milliseconds): Pace {
  let credit: Milliseconds = 0;
  let due = clock();
  return {
    pass: async (ms, signal) => {
      const own = Math.min(credit, ms);
      credit -= own;
      due = Math.max(due, clock());
      if (own < ms && due > clock()) await sleep(due - clock(), undefined, { signal });
      signal.throwIfAborted();
      due += ms - own;
    },
    hurry: (ms) => void (credit += ms),
  };
}
