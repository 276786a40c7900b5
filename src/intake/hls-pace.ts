import { setTimeout as sleep } from 'node:timers/promises';
import type { Milliseconds } from '../units.ts';

/** Gives sound that comes in large pieces on as it is heard. */
export interface Pace {
  /** Resolves when `ms` more of sound may go on. Throws the reason of `signal`. */
  pass(ms: Milliseconds, signal: AbortSignal): Promise<void>;
  /**
   * So much is missing: its time goes by as well, and may have gone by already while nothing came. Resolves when what is
   * before it is over. Throws the reason of `signal`.
   */
  miss(ms: Milliseconds, signal: AbortSignal): Promise<void>;
  /** So much may go on at once. */
  hurry(ms: Milliseconds): void;
}

/** Lets as much go on as time has gone by. What came late is not caught up with. */
export function createPace(clock: () => Milliseconds): Pace {
  let credit: Milliseconds = 0;
  let due = clock();
  const go = async (ms: Milliseconds, signal: AbortSignal): Promise<void> => {
    const own = Math.min(credit, ms);
    credit -= own;
    if (own < ms && due > clock()) await sleep(due - clock(), undefined, { signal });
    signal.throwIfAborted();
    due += ms - own;
  };
  return {
    miss: go,
    pass: (ms, signal) => {
      due = Math.max(due, clock());
      return go(ms, signal);
    },
    hurry: (ms) => void (credit += ms),
  };
}
