import { BatonError } from '../errors.ts';
import type { Bytes } from '../units.ts';
import { checkKey, sliceRange } from './store.ts';
import type { Store, Stored } from './store.ts';

const ENTRY_OVERHEAD: Bytes = 128; // map slot, tag and buffer object: many empty values must not be free

/** A store in this process, of at most `maxBytes`; what was used longest ago goes first. */
export function memoryStore({ maxBytes }: { readonly maxBytes: Bytes }): Store {
  const entries = new Map<string, Stored>(); // in order of use, the longest unused first
  let held: Bytes = 0;
  let versions = 0;

  const use = (key: string): Stored | null => {
    const stored = entries.get(key);
    if (stored === undefined) return null;
    entries.delete(key);
    entries.set(key, stored);
    return stored;
  };
  const remove = (key: string): void => {
    const stored = entries.get(key);
    if (stored === undefined) return;
    entries.delete(key);
    held -= cost(key, stored.bytes);
  };
  const put = (key: string, bytes: Uint8Array): void => {
    if (cost(key, bytes) > maxBytes) throw new BatonError('STORE_FAILED', `${key} is larger than the memory store`);
    remove(key);
    versions += 1;
    entries.set(key, { bytes: Uint8Array.from(bytes), tag: String(versions) });
    held += cost(key, bytes);
    for (const oldest of entries.keys()) {
      if (held <= maxBytes) break;
      remove(oldest);
    }
  };

  return {
    get: (key, signal) => answer(key, signal, () => use(key)),
    getRange: (key, range, signal) =>
      answer(key, signal, () => {
        const stored = use(key);
        return stored && sliceRange(stored.bytes, range);
      }),
    putIfAbsent: (key, bytes, signal) =>
      answer(key, signal, () => {
        if (entries.has(key)) return false;
        put(key, bytes);
        return true;
      }),
    replaceIfMatch: (key, bytes, tag, signal) =>
      answer(key, signal, () => {
        if ((entries.get(key)?.tag ?? null) !== tag) return false;
        put(key, bytes);
        return true;
      }),
    delete: (key) => answer(key, undefined, () => remove(key)),
    async *list(prefix, signal) {
      const keys = await atOnce(signal, () => [...entries.keys()].filter((key) => key.startsWith(prefix)));
      for (const key of keys) yield key;
    },
    close: () => Promise.resolve(),
  };
}

const cost = (key: string, bytes: Uint8Array): Bytes => bytes.byteLength + key.length + ENTRY_OVERHEAD;

const answer = <T>(key: string, signal: AbortSignal | undefined, operate: () => T): Promise<T> =>
  atOnce(signal, () => {
    checkKey(key);
    return operate();
  });

/** Runs before anything else can, so that each operation is one step; whatever it throws rejects. */
const atOnce = <T>(signal: AbortSignal | undefined, operate: () => T): Promise<T> =>
  new Promise((resolve) => {
    signal?.throwIfAborted();
    resolve(operate());
  });
