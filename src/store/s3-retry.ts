import { setTimeout as sleep } from 'node:timers/promises';
import type { Milliseconds } from '../units.ts';

/** How often something is tried, and the longest random pause after the first failure, which doubles. */
export interface Tries {
  readonly tries: number;
  readonly pauseMs: Milliseconds;
}

/** Of one try: what came of it, or that another one may do better. The last one must come to something, or throw. */
export type Outcome<T> = { readonly value: T } | 'again';

/** Tries until there is a value. Throws what `attempt` throws; when `signal` is aborted while it waits, an AbortError. */
export async function retried<T>(
  { tries, pauseMs }: Tries,
  attempt: (isLast: boolean) => Promise<Outcome<T>>,
  signal?: AbortSignal,
): Promise<T> {
  for (let failures = 0; ;) {
    const outcome = await attempt(failures >= tries - 1);
    if (outcome !== 'again') return outcome.value;
    failures += 1;
    await sleep(Math.random() * pauseMs * 2 ** (failures - 1), undefined, signal === undefined ? {} : { signal });
  }
}
