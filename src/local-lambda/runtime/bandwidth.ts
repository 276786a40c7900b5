import { setTimeout as sleep } from 'node:timers/promises';

/** A token bucket: what a streamed response may send. */
export interface Bandwidth {
  /** Waits until something may be sent and gives how much of `wanted` that is. Throws when aborted. */
  take(wanted: number, signal: AbortSignal): Promise<number>;
}

const STEP_MS = 125;

/**
 * Full at the start; the allowance grows in steps of an eighth of a second, up to `burstBytes`. Infinite bytes per
 * second are no limit at all.
 */
export function bandwidth(burstBytes: number, bytesPerSecond: number): Bandwidth {
  const start = performance.now();
  const stepBytes = (bytesPerSecond * STEP_MS) / 1000;
  let allowance = burstBytes;
  let steps = 0;
  const refill = (): void => {
    const now = Math.floor((performance.now() - start) / STEP_MS);
    allowance = Math.min(burstBytes, allowance + (now - steps) * stepBytes);
    steps = now;
  };
  return {
    async take(wanted, signal) {
      for (;;) {
        signal.throwIfAborted();
        if (bytesPerSecond === Infinity) return wanted;
        refill();
        const granted = Math.min(wanted, Math.floor(allowance));
        if (granted > 0) {
          allowance -= granted;
          return granted;
        }
        await sleep(Math.ceil(start + (steps + 1) * STEP_MS - performance.now()), undefined, { signal });
      }
    },
  };
}
