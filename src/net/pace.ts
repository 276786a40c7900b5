import { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** How slow a source may be. */
export interface PaceLimits {
  /** The longest single wait for a byte. */
  readonly idleMs: Milliseconds;
  /** After this much waiting, in one wait or many, at least `minBytesPerWindow` bytes must have come. */
  readonly windowMs: Milliseconds;
  readonly minBytesPerWindow: Bytes;
}

/**
 * Gives `bytes` on unchanged and watches their pace. Only the time in which the reader waits counts, so a slow
 * listener never makes a source look slow. On a breach `stop` is called once with SOURCE_SLOW and must make the
 * pending read fail with it. A breach is noticed within a tenth of the shorter limit.
 */
export async function* paced(
  bytes: AsyncIterable<Uint8Array>,
  limits: PaceLimits,
  stop: (why: BatonError) => void,
  now: () => Milliseconds = () => performance.now(),
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = bytes[Symbol.asyncIterator]();
  const watch = watchdog(limits, stop, now);
  try {
    for (;;) {
      watch.waits();
      const next = await reader.next();
      if (next.done === true) return;
      watch.received(next.value.byteLength);
      yield next.value;
    }
  } finally {
    watch.close();
    await reader.return?.();
  }
}

interface Watchdog {
  waits(): void;
  received(bytes: Bytes): void;
  close(): void;
}

/** One timer for the whole body. It is asleep while nobody waits, and each chunk costs it two looks at the clock. */
function watchdog(limits: PaceLimits, stop: (why: BatonError) => void, now: () => Milliseconds): Watchdog {
  let state: 'asleep' | 'ticking' | 'closed' = 'ticking';
  let waitingSince: Milliseconds | null = null;
  let waited: Milliseconds = 0;
  let bytes: Bytes = 0;

  const breach = (): BatonError | null => {
    if (waitingSince === null) return null;
    const waiting = now() - waitingSince;
    if (waiting >= limits.idleMs) return new BatonError('SOURCE_SLOW', `no byte for ${Math.round(waiting)} ms`);
    if (waited + waiting < limits.windowMs) return null;
    if (bytes < limits.minBytesPerWindow) {
      return new BatonError('SOURCE_SLOW', `${bytes} bytes in ${Math.round(waited + waiting)} ms of waiting`);
    }
    waited = -waiting;
    bytes = 0;
    return null;
  };
  const tick = () => {
    // After a blocked event loop the bytes may already be in the socket: they get one turn to arrive.
    if (breach() === null) goOn();
    else setImmediate(judge);
  };
  const judge = () => {
    if (state === 'closed') return;
    const why = breach();
    if (why === null) goOn();
    else stop(why);
  };
  const goOn = () => {
    if (waitingSince === null) state = 'asleep';
    else timer.refresh();
  };
  const timer = setTimeout(tick, Math.max(1, Math.min(limits.idleMs, limits.windowMs) / 10));

  return {
    waits() {
      waitingSince = now();
      if (state !== 'asleep') return;
      state = 'ticking';
      timer.refresh();
    },
    received(count) {
      if (waitingSince !== null) waited += now() - waitingSince;
      waitingSince = null;
      bytes += count;
    },
    close() {
      state = 'closed';
      clearTimeout(timer);
    },
  };
}
