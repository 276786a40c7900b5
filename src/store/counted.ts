import type { Store } from './store.ts';

/** How often a store was asked: what S3 bills. */
export interface StoreCalls {
  reads: number;
  writes: number;
}

/** `store`, whose reads and writes are added to `calls`; deletions cost nothing. */
export function countedStore(store: Store, calls: StoreCalls): Store {
  const read = <T>(operation: Promise<T>): Promise<T> => {
    calls.reads += 1;
    return operation;
  };
  const write = <T>(operation: Promise<T>): Promise<T> => {
    calls.writes += 1;
    return operation;
  };
  return {
    get: (key, signal) => read(store.get(key, signal)),
    getRange: (key, range, signal) => read(store.getRange(key, range, signal)),
    putIfAbsent: (key, bytes, signal) => write(store.putIfAbsent(key, bytes, signal)),
    replaceIfMatch: (key, bytes, tag, signal) => write(store.replaceIfMatch(key, bytes, tag, signal)),
    delete: (key, signal) => store.delete(key, signal),
    list: (prefix, signal) => {
      calls.writes += 1; // S3 bills lists as it does writes
      return store.list(prefix, signal);
    },
    close: () => store.close(),
  };
}
