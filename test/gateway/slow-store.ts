import { setTimeout as sleep } from 'node:timers/promises';
import { delays } from '../../src/local-lambda/websocket/disorder.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

/** A store in memory whose calls take a while, so that those of several callers mix: in the same way for the same seed. */
export function slowStore(seed: number): Store {
  const store = memoryStore({ maxBytes: 2 ** 26 });
  const delay = delays({ mostMs: 4, seed });
  const slowly = async <T>(call: () => Promise<T>): Promise<T> => {
    await sleep(delay());
    const value = await call();
    await sleep(delay());
    return value;
  };
  return {
    ...store,
    get: (key) => slowly(() => store.get(key)),
    putIfAbsent: (key, bytes) => slowly(() => store.putIfAbsent(key, bytes)),
    replaceIfMatch: (key, bytes, tag) => slowly(() => store.replaceIfMatch(key, bytes, tag)),
    delete: (key) => slowly(() => store.delete(key)),
  };
}
