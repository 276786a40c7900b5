import type { Hello } from '../ingest/message.ts';
import type { Store } from '../store/store.ts';

/** Who speaks on a connection, in the store, since each message may reach another function. */
export interface Publishers {
  /** Null: nobody has said hello there, or they were replaced. */
  find(connectionId: string): Promise<Hello | null>;
  /** False: somebody has said hello there before. */
  add(connectionId: string, hello: Hello): Promise<boolean>;
  remove(connectionId: string): Promise<void>;
}

/** Those that this environment has looked up; connections last two hours. */
const MOST_KNOWN = 200;

export function publishers(store: Store): Publishers {
  const known = new Map<string, Hello>();
  const remember = (connectionId: string, hello: Hello): void => {
    known.set(connectionId, hello);
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  };

  return {
    find: async (connectionId) => {
      const here = known.get(connectionId);
      if (here !== undefined) return here;
      const stored = await store.get(keyOf(connectionId));
      const hello = stored && decode(stored.bytes);
      if (hello !== null) remember(connectionId, hello);
      return hello;
    },
    add: async (connectionId, hello) => {
      const kept = { ...hello, token: '' }; // it has been read
      const isNew = await store.putIfAbsent(keyOf(connectionId), Buffer.from(JSON.stringify(kept)));
      if (isNew) remember(connectionId, kept);
      return isNew;
    },
    remove: async (connectionId) => {
      known.delete(connectionId);
      await store.delete(keyOf(connectionId));
    },
  };
}

/** Ids are base64, which keys are not. */
const keyOf = (connectionId: string): string => `publisher/c${Buffer.from(connectionId).toString('hex').slice(0, 100)}`;

function decode(bytes: Uint8Array): Hello | null {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Hello;
  } catch {
    return null;
  }
}
