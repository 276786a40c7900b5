import { hasCode } from '../errors.ts';
import { isImmutable, sliceRange } from './store.ts';
import type { Store, Stored } from './store.ts';

/**
 * A fast `front` before the `back` that decides. Only immutable keys are answered from the front and copied into it;
 * the tags of those name nothing in the back, which never replaces them. Closing closes both.
 */
export function layeredStore(front: Store, back: Store): Store {
  const get = async (key: string, signal?: AbortSignal): Promise<Stored | null> => {
    if (!isImmutable(key)) return back.get(key, signal);
    const near = await front.get(key, signal);
    if (near !== null) return near;
    const far = await back.get(key, signal);
    if (far !== null) await keep(front, key, far.bytes);
    return far;
  };

  return {
    get,
    async getRange(key, range, signal) {
      if (!isImmutable(key)) return back.getRange(key, range, signal);
      const stored = await get(key, signal);
      return stored && sliceRange(stored.bytes, range);
    },
    async putIfAbsent(key, bytes, signal) {
      const stored = await back.putIfAbsent(key, bytes, signal);
      if (stored && isImmutable(key)) await keep(front, key, bytes);
      return stored;
    },
    async replaceIfMatch(key, bytes, tag, signal) {
      if (isImmutable(key)) await front.delete(key);
      return back.replaceIfMatch(key, bytes, tag, signal);
    },
    async delete(key, signal) {
      await back.delete(key, signal);
      await front.delete(key);
    },
    list: (prefix, signal) => back.list(prefix, signal),
    async close() {
      await front.close();
      await back.close();
    },
  };
}

async function keep(front: Store, key: string, bytes: Uint8Array): Promise<void> {
  try {
    await front.putIfAbsent(key, bytes);
  } catch (thrown) {
    if (!hasCode(thrown, 'STORE_FAILED')) throw thrown; // too large for the front: the back has it
  }
}
