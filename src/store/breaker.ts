import { BatonError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import { checkKey } from './store.ts';
import type { Store } from './store.ts';
import { orAbort } from '../or-abort.ts';

/** How much a store may fail before it is left alone. */
export interface BreakerOptions {
  /** The longest wait for one read, and for one write, deletion or page of a list. */
  readonly readMs?: Milliseconds;
  readonly writeMs?: Milliseconds;
  /** So many failures in a row are enough; of calls that took too long, one. */
  readonly failures?: number;
  /** How long the store is then left alone. */
  readonly restMs?: Milliseconds;
  /** A clock that only goes on. */
  readonly now?: () => Milliseconds;
}

/**
 * The same store with a bound on the time that it takes from a listener. A call that takes too long fails; and after
 * failures every call fails at once, until `restMs` are over and a single one has shown that the store works again.
 * All those failures are STORE_FAILED: put `degradingStore` before it. A write that was given up may still happen.
 */
export function breakerStore(store: Store, options: BreakerOptions = {}): Store {
  const {
    readMs = 2_000,
    writeMs = 5_000,
    failures: enough = 3,
    restMs = 5_000,
    now = () => performance.now(),
  } = options;
  let failures = 0;
  let restsUntil: Milliseconds = -Infinity;
  let isOpen = false;
  let trying = false;
  let why = '';

  const failed = (thrown: unknown, weight: number): void => {
    failures += weight;
    if (!isOpen && failures < enough) return;
    isOpen = true;
    restsUntil = now() + restMs;
    why = thrown instanceof BatonError ? thrown.detail : String(thrown);
  };

  /** Runs `operate`; while the store is on trial, one at a time. */
  const guarded = async <T>(ms: Milliseconds, signal: AbortSignal | undefined, operate: Operate<T>): Promise<T> => {
    signal?.throwIfAborted();
    const isTrial = isOpen;
    if (isTrial && (trying || now() < restsUntil)) throw new BatonError('STORE_FAILED', `left alone after: ${why}`);
    if (isTrial) trying = true;
    const stop = new AbortController();
    const leave = (): void => stop.abort(signal?.reason);
    const timer = setTimeout(() => stop.abort(new BatonError('STORE_FAILED', `no answer within ${ms} ms`)), ms);
    signal?.addEventListener('abort', leave, { once: true });
    try {
      const value = await orAbort(operate(stop.signal), stop.signal);
      if (isTrial || !isOpen) [failures, isOpen] = [0, false];
      return value;
    } catch (thrown) {
      signal?.throwIfAborted(); // a listener who leaves says nothing about the store
      failed(thrown, stop.signal.aborted ? enough : 1);
      throw thrown;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
      if (isTrial) trying = false;
    }
  };

  const call = async <T>(key: string, ms: Milliseconds, signal: AbortSignal | undefined, operate: Operate<T>) => {
    checkKey(key); // a bad key is no failure of the store
    return guarded(ms, signal, operate);
  };

  return {
    get: (key, signal) => call(key, readMs, signal, (until) => store.get(key, until)),
    getRange: (key, range, signal) => call(key, readMs, signal, (until) => store.getRange(key, range, until)),
    putIfAbsent: (key, bytes, signal) => call(key, writeMs, signal, (until) => store.putIfAbsent(key, bytes, until)),
    replaceIfMatch: (key, bytes, tag, signal) =>
      call(key, writeMs, signal, (until) => store.replaceIfMatch(key, bytes, tag, until)),
    delete: (key, signal) => call(key, writeMs, signal, (until) => store.delete(key, until)),
    async *list(prefix, signal) {
      const stop = new AbortController();
      const keys = store.list(prefix, signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]));
      const reader = keys[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await guarded(writeMs, signal, () => reader.next());
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        stop.abort();
        void reader.return?.().catch(() => undefined);
      }
    },
    close: () => store.close(),
  };
}

type Operate<T> = (signal: AbortSignal) => Promise<T>;
