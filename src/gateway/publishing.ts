import { crc32 } from 'node:zlib';
import { BatonError, toBatonError } from '../errors.ts';
import {
  readPublisherMessage,
  writeServerMessage,
  type Hello,
  type Links,
  type PublisherMessage,
} from '../ingest/message.ts';
import { hasPictures } from '../ingest/format.ts';
import { saidTitle } from '../ingest/said-title.ts';
import { createSession, STALLED_MS, type Action, type Session } from '../ingest/session.ts';
import { showStore, type ShowName } from '../ingest/show-store.ts';
import type { Keys } from '../sign/keys.ts';
import { readPublisherToken } from '../sign/publisher-token.ts';
import type { Store } from '../store/store.ts';
import type { Milliseconds } from '../units.ts';
import type { Connections } from './connections.ts';
import { floodGuard } from './flood.ts';
import { holeWatch } from './holes.ts';
import { inbox } from './inbox.ts';
import { publishers } from './publishers.ts';
import { createSequence, type Sequence } from './sequence.ts';

/** Takes publishers in functions that each see some of their messages. What it keeps is only a memory of the store. */
export interface GatewayPublishing {
  /** A message as it came. Nothing that a publisher sends makes it throw. */
  receive(connectionId: string, text: string): Promise<void>;
  gone(connectionId: string): Promise<void>;
}

export interface GatewayDeps {
  readonly store: Store;
  readonly connections: Connections;
  /** Unix time. */
  readonly now: () => Milliseconds;
  /** Hears of failures that a publisher is told of. */
  readonly onFailure: (error: BatonError) => void;
}

/** What is asked anew for each message. */
export interface GatewayFacts {
  readonly keys: Keys;
  /** Where a channel is heard, and a show that has ended. */
  readonly channelLinks: (channel: string, hasPictures: boolean) => Links | null;
  readonly recordingLinks: (name: ShowName, hasPictures: boolean) => Links | null;
  readonly listeners: (channel: string) => Promise<number>;
}

/** Shows of which this environment remembers the last batch. */
const MOST_KNOWN = 50;

export function gatewayPublishing(
  { store, connections, now, onFailure }: GatewayDeps,
  facts: () => GatewayFacts,
): GatewayPublishing {
  const shows = showStore(store);
  const waiting = inbox(store);
  const known = publishers(store);
  const sequences = new Map<string, Sequence>();
  const isFlood = floodGuard(now);
  const isLost = holeWatch(now);

  async function receive(connectionId: string, text: string): Promise<void> {
    const session = createSession({ now: now(), isBinary: false });
    try {
      const message = readPublisherMessage(text);
      const hello = message.type === 'hello' ? null : await known.find(connectionId);
      if (hello === null) {
        await perform(connectionId, session, session.receive(message, now()));
        return;
      }
      const sequence = await sequenceOf(hello);
      await recall(session, hello, sequence, message);
      if (message.type === 'data' && !isFlood(connectionId, hello.format, message.payload.length))
        throw new BatonError('INGEST_FLOOD', hello.channel);
      const actions = session.receive(message, now());
      await perform(connectionId, session, actions, { hello, sequence });
      await tell(connectionId, session, { hello, sequence }, message);
    } catch (thrown) {
      const error = toBatonError(thrown);
      onFailure(error);
      await perform(connectionId, session, session.failed(error));
    }
  }

  /** Brings a new session to where the connection is; what it says of that has been said. */
  async function recall(session: Session, hello: Hello, sequence: Sequence, message: PublisherMessage): Promise<void> {
    const isFresh = (): boolean => now() - sequence.writtenAt() < STALLED_MS;
    if (message.type === 'ping' || !isFresh()) await sequence.settle(); // other functions may have gone on
    const isOnAir = isFresh();
    const at = message.type === 'data' ? message.number : message.type === 'end' ? message.next : sequence.next();
    session.receive({ ...hello, from: 0 }, now());
    session.claimed({ next: at, stored: 0, hasEnded: false, isOnAir, recording: null, links: null }, now());
    const saysState = message.type === 'ping' || message.type === 'end' || !isOnAir;
    if (saysState) session.tick(now(), await facts().listeners(hello.channel));
  }

  async function perform(
    connectionId: string,
    session: Session,
    actions: readonly Action[],
    show: Show | null = null,
  ): Promise<void> {
    for (const action of actions) {
      switch (action.do) {
        case 'claim':
          await perform(connectionId, session, await claim(connectionId, session, action.hello));
          break;
        case 'write':
          await show?.sequence.accept(action.number, { kind: 'data', payload: action.payload });
          break;
        case 'entitle':
          await show?.sequence.entitle(saidTitle(action.title.title, action.title.artist));
          break;
        case 'finish':
          break; // `tell` does it, which knows the number
        case 'send':
          await post(connectionId, writeServerMessage(action.message));
          break;
        case 'close':
          await leave(connectionId);
      }
    }
  }

  /** What came of a message. */
  async function tell(connectionId: string, session: Session, show: Show, message: PublisherMessage): Promise<void> {
    const { hello, sequence } = show;
    if (message.type === 'end') await sequence.accept(message.next, { kind: 'end' });
    const number = message.type === 'data' ? message.number : message.type === 'end' ? message.next - 1 : null;
    const isAhead = number !== null && number >= sequence.next();
    if (!isAhead) await perform(connectionId, session, session.stored(sequence.next()));
    if (sequence.end() !== null) {
      const recording = sequence.next() === 0 ? null : facts().recordingLinks(nameOf(hello), hasPictures(hello.format));
      await perform(connectionId, session, session.ended(recording));
      return;
    }
    if (isLost(keyOf(hello), sequence.next(), number === null ? null : isAhead))
      throw new BatonError('STORE_FAILED', `message ${sequence.next()} of ${keyOf(hello)} has not come`);
  }

  async function claim(connectionId: string, session: Session, hello: Hello): Promise<Action[]> {
    const { channel, show, from } = hello;
    const { keys, channelLinks, recordingLinks, listeners } = facts();
    const publisher = readPublisherToken(hello.token, keys, now() / 1000);
    if (publisher.channel !== channel) throw new BatonError('PUBLISHER_REFUSED', `not for ${channel}`);
    if (!(await known.add(connectionId, hello)))
      throw (await known.find(connectionId)) === null
        ? new BatonError('STORE_FAILED', `publisher of ${channel}`)
        : new BatonError('INGEST_INVALID', 'hello, again');
    const before = await shows.claim(channel, { show, publisher: connectionId, claimedAt: now() });
    if (before !== null && before.publisher !== connectionId) await replace(before.publisher, channel);
    if (before !== null && before.show !== show) await shows.finish({ channel, show: before.show }, now());
    sequences.delete(keyOf(hello));
    const sequence = await sequenceOf(hello);
    await sequence.settle();
    const [next, end] = [sequence.next(), sequence.end()];
    if (from > next && end === null) await sequence.skipTo(from);
    const links = channelLinks(channel, hasPictures(hello.format));
    const standing = { next, stored: next, hasEnded: end !== null, isOnAir: false, links };
    const recording = end === null ? null : recordingLinks(nameOf(hello), hasPictures(hello.format));
    const welcome = session.claimed({ ...standing, recording }, now());
    return [...welcome, ...session.tick(now(), await listeners(channel))];
  }

  async function replace(connectionId: string, channel: string): Promise<void> {
    const session = createSession({ now: now(), isBinary: false });
    await perform(connectionId, session, session.failed(new BatonError('PUBLISHER_REPLACED', channel)));
  }

  async function sequenceOf(hello: Hello): Promise<Sequence> {
    const key = keyOf(hello);
    const found = sequences.get(key);
    const sequence = found ?? (await look(hello));
    sequences.delete(key);
    sequences.set(key, sequence);
    const [oldest] = sequences.keys();
    if (sequences.size > MOST_KNOWN && oldest !== undefined) sequences.delete(oldest);
    return sequence;
  }

  async function look(hello: Hello): Promise<Sequence> {
    const last = await shows.last(nameOf(hello));
    if (last?.batch.kind === 'sound' && JSON.stringify(last.batch.format) !== JSON.stringify(hello.format))
      throw new BatonError('INGEST_FORMAT', 'another format than in the hello before');
    return createSequence(hello, crc32(keyOf(hello)), last, { shows, inbox: waiting, now });
  }

  /** What cannot be said is said again later: acks name everything before them. */
  async function post(connectionId: string, text: string): Promise<void> {
    await connections.post(connectionId, text).catch((thrown: unknown) => onFailure(toBatonError(thrown)));
  }

  async function leave(connectionId: string): Promise<void> {
    await gone(connectionId);
    await connections.close(connectionId).catch((thrown: unknown) => onFailure(toBatonError(thrown)));
  }

  async function gone(connectionId: string): Promise<void> {
    await known.remove(connectionId).catch((thrown: unknown) => onFailure(toBatonError(thrown)));
  }

  return { receive, gone };
}

interface Show {
  readonly hello: Hello;
  readonly sequence: Sequence;
}

const nameOf = ({ channel, show }: Hello): ShowName => ({ channel, show });
const keyOf = ({ channel, show }: Hello): string => `${channel}/${show}`;
