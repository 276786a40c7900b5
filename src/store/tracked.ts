import type { Store } from './store.ts';

/** A store that knows which of its writes are under way. */
export interface TrackedStore extends Store {
  /** Resolves when no write is under way any more; their failures are not its business. */
  idle(): Promise<void>;
}

/** `store`, with its writes counted: who stops, or is frozen, must not leave one half done. Closing leaves `store` open. */
export function trackedStore(store: Store): TrackedStore {
  const writes = new Set<Promise<unknown>>();

  const track = <T>(write: Promise<T>): Promise<T> => {
    const end = (): void => void writes.delete(settled);
    const settled = write.then(end, end);
    writes.add(settled);
    return write;
  };
  const idle = async (): Promise<void> => {
    while (writes.size > 0) await Promise.all(writes);
  };

  return {
    get: (key, signal) => store.get(key, signal),
    getRange: (key, range, signal) => store.getRange(key, range, signal),
    putIfAbsent: (key, bytes, signal) => track(store.putIfAbsent(key, bytes, signal)),
    replaceIfMatch: (key, bytes, tag, signal) => track(store.replaceIfMatch(key, bytes, tag, signal)),
    delete: (key, signal) => track(store.delete(key, signal)),
    list: (prefix, signal) => store.list(prefix, signal),
    idle,
    close: idle,
  };
}
