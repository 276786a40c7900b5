import { toBatonError } from '../errors.ts';
import type { BatonError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import type { Store } from './store.ts';

const QUIET: Milliseconds = 10_000; // a full disk fails hundreds of writes a second

/**
 * The same store, except that its failures never reach a listener: a read that fails counts as absent, a write that
 * fails says false, a list ends. `onFault` hears of failures at most once per 10 s of `now`; a signal that is aborted
 * still rejects. A false from here may mean that nothing stands: whoever retries a replacement must stop some time.
 */
export function degradingStore(store: Store, onFault: (error: BatonError) => void, now: () => Milliseconds): Store {
  let quietUntil: Milliseconds = -Infinity;
  const report = (thrown: unknown): void => {
    if (now() < quietUntil) return;
    quietUntil = now() + QUIET;
    onFault(toBatonError(thrown));
  };
  const attempt = async <T>(operate: () => Promise<T>, otherwise: T, signal?: AbortSignal): Promise<T> => {
    try {
      return await operate();
    } catch (thrown) {
      signal?.throwIfAborted();
      report(thrown);
      return otherwise;
    }
  };

  return {
    get: (key, signal) => attempt(() => store.get(key, signal), null, signal),
    getRange: (key, range, signal) => attempt(() => store.getRange(key, range, signal), null, signal),
    putIfAbsent: (key, bytes, signal) => attempt(() => store.putIfAbsent(key, bytes, signal), false, signal),
    replaceIfMatch: (key, bytes, tag, signal) =>
      attempt(() => store.replaceIfMatch(key, bytes, tag, signal), false, signal),
    delete: (key, signal) => attempt(() => store.delete(key, signal), undefined, signal),
    async *list(prefix, signal) {
      try {
        yield* store.list(prefix, signal);
      } catch (thrown) {
        signal?.throwIfAborted();
        report(thrown);
      }
    },
    close: () => attempt(() => store.close(), undefined),
  };
}
