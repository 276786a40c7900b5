import type { ShowName } from '../ingest/show-store.ts';
import type { Store } from '../store/store.ts';

/** A numbered message of a show that came before its turn. `end`: there is no such message, those before are all. */
export type Entry = { readonly kind: 'data'; readonly payload: Uint8Array } | { readonly kind: 'end' };

/** Where messages wait, in the store, for those before them. */
export interface Inbox {
  /** False: the store does not take it. That it is there already is no failure. */
  put(name: ShowName, number: number, entry: Entry): Promise<boolean>;
  get(name: ShowName, number: number): Promise<Entry | null>;
  remove(name: ShowName, number: number): Promise<void>;
}

const KINDS = ['data', 'end'] as const;

export function inbox(store: Store): Inbox {
  const keyOf = ({ channel, show }: ShowName, number: number): string => `inbox/${channel}/${show}/${number}`;
  return {
    put: async (name, number, entry) => {
      const key = keyOf(name, number);
      const payload = entry.kind === 'data' ? entry.payload : new Uint8Array();
      const bytes = Buffer.concat([Uint8Array.of(KINDS.indexOf(entry.kind)), payload]);
      return (await store.putIfAbsent(key, bytes)) || (await store.get(key)) !== null;
    },
    get: async (name, number) => {
      const stored = await store.get(keyOf(name, number));
      if (stored === null) return null;
      return KINDS[stored.bytes[0] ?? 0] === 'end'
        ? { kind: 'end' }
        : { kind: 'data', payload: stored.bytes.subarray(1) };
    },
    remove: (name, number) => store.delete(keyOf(name, number)),
  };
}
