import { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** How an invocation learns that it must end, before Lambda ends it. Disposing it stops its clocks. */
export interface Deadline extends Disposable {
  /** Aborted when there is just time left to stop what runs. */
  readonly signal: AbortSignal;
  /** Aborted somewhat earlier, or when the payload is nearly full: the response should end at the next chunk. */
  readonly closing: AbortSignal;
  /** Counts what was sent. */
  sent(bytes: Bytes): void;
  sentBytes(): Bytes;
}

/** What an invocation may take. */
export interface Allowance {
  /** Until Lambda kills the environment. */
  readonly remainingMs: Milliseconds;
  readonly payloadBytes: Bytes;
}

/** The largest chunk has 96 kB; what a chunk or two brings after the warning must still fit. */
export const SPARE_BYTES: Bytes = 2 ** 20;

/** What a streamed response may send at once, and how fast that allowance grows again (Lambda quotas). */
const BURST_BYTES: Bytes = 6 * 2 ** 20;
const BYTES_PER_MS = (2 * 2 ** 20) / 1000;

/**
 * A tenth of the time, but not more than 3 s, is kept for stopping, and at most 5 s before that for the last chunk. What
 * was written and cannot have left yet, since sockets hold many seconds of it, must leave by then, too.
 */
export function deadline({ remainingMs, payloadBytes }: Allowance): Deadline {
  const stopping = new AbortController();
  const closing = new AbortController();
  const limit = (what: string) => new BatonError('RESPONSE_LIMIT', what);
  const stopMs = remainingMs - Math.min(3_000, remainingMs / 10);
  const closeMs = stopMs - Math.min(5_000, remainingMs / 10);
  const timers = [
    setTimeout(() => closing.abort(limit('time')), closeMs),
    setTimeout(() => stopping.abort(limit('time')), stopMs),
  ];
  const startedAt = performance.now();
  let countedMs: Milliseconds = 0;
  let allowance = BURST_BYTES;
  let bytes: Bytes = 0;
  return {
    signal: stopping.signal,
    closing: closing.signal,
    sent: (count) => {
      const nowMs = performance.now() - startedAt;
      allowance = Math.min(BURST_BYTES, allowance + (nowMs - countedMs) * BYTES_PER_MS) - count;
      countedMs = nowMs;
      bytes += count;
      if (bytes > payloadBytes - SPARE_BYTES) closing.abort(limit('bytes'));
      if (nowMs - allowance / BYTES_PER_MS > closeMs) closing.abort(limit('time'));
    },
    sentBytes: () => bytes,
    [Symbol.dispose]: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
