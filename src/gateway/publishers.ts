import type { Hello } from '../ingest/message.ts';
import type { Store } from '../store/store.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** Who speaks on a connection, in the store, since each message may reach another function. */
export interface Publishers {
  /** Null: nobody has said hello there, or they were replaced. */
  find(connectionId: string): Promise<Hello | null>;
  /** False: somebody has said hello there before. */
  add(connectionId: string, hello: Hello): Promise<boolean>;
  /** Notes where they begin on their channel. False: they are not there any more. */
  seat(connectionId: string, seat: Seat): Promise<boolean>;
  /** Removes them; null: nobody was there, or another function has removed them. */
  take(connectionId: string): Promise<Seated | null>;
}

/** Where a connection begins in the show it brings. */
export interface Seat {
  readonly since: Milliseconds;
  readonly resumes: number;
  /** Messages, and bytes of the stream, that stood in the show before. */
  readonly messages: number;
  readonly bytes: Bytes;
}

export interface Seated extends Hello {
  /** Missing before they have their channel. */
  readonly seat?: Seat;
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
    seat: async (connectionId, seat) => {
      const stored = await store.get(keyOf(connectionId));
      const hello = stored && decode(stored.bytes);
      if (stored === null || hello === null) return false;
      const seated: Seated = { ...hello, seat };
      return await store.replaceIfMatch(keyOf(connectionId), Buffer.from(JSON.stringify(seated)), stored.tag);
    },
    take: async (connectionId) => {
      known.delete(connectionId);
      const stored = await store.get(keyOf(connectionId));
      if (stored !== null) await store.delete(keyOf(connectionId));
      return stored && decode(stored.bytes);
    },
  };
}

/** Ids are base64, which keys are not. */
const keyOf = (connectionId: string): string => `publisher/c${Buffer.from(connectionId).toString('hex').slice(0, 100)}`;

function decode(bytes: Uint8Array): Seated | null {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Seated;
  } catch {
    return null;
  }
}
