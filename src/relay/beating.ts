import type { Milliseconds } from '../units.ts';

/**
 * What `runs` gives and returns, and null whenever it has kept its reader waiting for `everyMs`. Leaving it does not stop `runs`; what
 * that was asked for last may then still come, and nobody hears of it.
 */
export async function* beating<T, R>(runs: AsyncIterator<T, R>, everyMs: Milliseconds): AsyncGenerator<T | null, R> {
  for (;;) {
    const next = runs.next();
    next.catch(() => undefined); // a reader who waits meets the fault below
    let result = await orBeat(next, everyMs);
    for (; result === null; result = await orBeat(next, everyMs)) yield null;
    if (result.done === true) return result.value;
    yield result.value;
  }
}

async function orBeat<T>(task: Promise<T>, ms: Milliseconds): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const beat = new Promise<null>((resolve) => (timer = setTimeout(resolve, ms, null)));
  try {
    return await Promise.race([task, beat]);
  } finally {
    clearTimeout(timer);
  }
}
