import type { Store } from '../../src/store/store.ts';

/** `store`, but away while it is told to be: as it looks to those whom failures of a store do not reach. */
export function awayStore(store: Store): Store & { away: boolean } {
  const self = { away: false };
  const unless = <T>(otherwise: T, operate: () => Promise<T>): Promise<T> =>
    self.away ? Promise.resolve(otherwise) : operate();
  return Object.assign(self, {
    ...store,
    get: (key: string, signal?: AbortSignal) => unless(null, () => store.get(key, signal)),
    putIfAbsent: (key: string, bytes: Uint8Array, signal?: AbortSignal) =>
      unless(false, () => store.putIfAbsent(key, bytes, signal)),
    replaceIfMatch: (key: string, bytes: Uint8Array, tag: string | null, signal?: AbortSignal) =>
      unless(false, () => store.replaceIfMatch(key, bytes, tag, signal)),
  } satisfies Partial<Store>);
}
