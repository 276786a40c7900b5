import type { Store } from '../store/store.ts';
import { decodeHead, encodeHead, type Head } from './head.ts';

/** The head of one channel, in a store that several processes share, and that may be away. */
export interface HeadFile {
  /** As it stands in the store; null when there is none. */
  read(signal: AbortSignal): Promise<Head | null>;
  /**
   * Makes of the head what `change` makes of it (null: there is none; the same again: nothing is to be written), however
   * many others change it. Gives the head as it is then. While the store is away, the change is made to the head that
   * was known last; once it is back, the next change writes those before it as well, unless somebody else was quicker.
   */
  update(change: (head: Head | null) => Head | null, signal: AbortSignal): Promise<Head | null>;
  /** Whether the store had none when it was looked at last: it is away, or has never had one. */
  isAway(): boolean;
  /** As it was read or changed last. */
  latest(): Head | null;
}

const ATTEMPTS = 8;

export function headFile(store: Store, key: string): HeadFile {
  let known: Head | null = null;
  /** As it stood in the store when it was read or written last; `known` may have changes that the store did not take. */
  let base: Uint8Array | null = null;
  let isAhead = false;
  let isAway = false;

  /** `before` is what a change is to be made to. */
  async function load(signal: AbortSignal): Promise<{ head: Head | null; before: Head | null; tag: string | null }> {
    const stored = await store.get(key, signal);
    const head = stored && decodeHead(stored.bytes);
    isAway = head === null;
    if (stored === null || head === null) return { head: null, before: known, tag: stored?.tag ?? null };
    if (isAhead && base !== null && Buffer.compare(base, stored.bytes) === 0)
      return { head, before: known, tag: stored.tag };
    [base, isAhead] = [stored.bytes, false];
    return { head, before: head, tag: stored.tag };
  }

  return {
    latest: () => known,
    isAway: () => isAway,
    read: async (signal) => {
      const { before } = await load(signal);
      return (known = before);
    },
    update: async (change, signal) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { head, before, tag } = await load(signal);
        const after = change(before);
        if (after === null || after === head) return (known = after);
        const bytes = encodeHead(after);
        if (await store.replaceIfMatch(key, bytes, tag, signal)) {
          [base, isAhead] = [bytes, false];
          return (known = after);
        }
        if (head === null && known !== null) break;
      }
      isAhead = true;
      return (known = change(known));
    },
  };
}
