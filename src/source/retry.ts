import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../errors.ts';
import type { Milliseconds } from '../units.ts';

const PAUSES: readonly Milliseconds[] = [100, 500, 1200];
const LONGEST_ASKED: Milliseconds = 3000;

/** Tries again that many times before a failure counts. */
export const RETRIES = PAUSES.length;

/** Failures of a connection, which another connection may not have. */
export const isPassing = (error: unknown): boolean => hasCode(error, 'SOURCE_CUT', 'SOURCE_UNREACHABLE');

/** Waits before try number `failures` + 1: as long as Retry-After asks, when that is short. */
export async function backOff(failures: number, retryAfter: string | undefined, signal: AbortSignal): Promise<void> {
  const asked = Number(retryAfter) * 1000;
  const pause = PAUSES[failures - 1] ?? 0;
  try {
    await sleep(asked <= LONGEST_ASKED ? Math.max(asked, pause) : pause, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
