import { BatonError, toBatonError } from '../errors.ts';
import {
  readPublisherMessage,
  writeServerMessage,
  type Hello,
  type Links,
  type PublisherMessage,
} from '../ingest/message.ts';
import { countOf } from '../ingest/allowance.ts';
import { hasPictures } from '../ingest/format.ts';
import { onAirRecord, refusedRecord, type PublisherRecord, type Said } from '../ingest/publisher-record.ts';
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
import { knownSequences, showKey } from './known-sequences.ts';
import { leaving } from './leaving.ts';
import { publishers } from './publishers.ts';
import type { Sequence } from './sequence.ts';

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
  /** Hears of publishers who go on air, leave, or are refused. */
  readonly note: (record: PublisherRecord) => void;
}

/** What is asked anew for each message. */
export interface GatewayFacts {
  readonly keys: Keys;
  /** Where a channel is heard, and a show that has ended. */
  readonly channelLinks: (channel: string, hasPictures: boolean) => Links | null;
  readonly recordingLinks: (name: ShowName, hasPictures: boolean) => Links | null;
  readonly listeners: (channel: string) => Promise<number>;
}

export function gatewayPublishing(
  { store, connections, now, onFailure, note }: GatewayDeps,
  facts: () => GatewayFacts,
): GatewayPublishing {
  const shows = showStore(store);
  const known = publishers(store);
  const sequences = knownSequences({ shows, inbox: inbox(store), now });
  const takeAway = leaving({ known, sequences, now, note, onFailure });
  const isFlood = floodGuard(now);
  const isLost = holeWatch(now);

  async function receive(connectionId: string, text: string): Promise<void> {
    const session = createSession({ now: now(), isBinary: false });
    let said: Said | null = null;
    try {
      const message = readPublisherMessage(text);
      if (message.type === 'hello') said = message;
      const hello = message.type === 'hello' ? null : await known.find(connectionId);
      if (hello === null) {
        await perform(connectionId, session, session.receive(message, now()));
        return;
      }
      const sequence = await sequences.of(hello);
      await recall(session, hello, sequence, message);
      if (message.type === 'data' && !isFlood(connectionId, hello.format, countOf(message.payload)))
        throw new BatonError('INGEST_FLOOD', hello.channel);
      const actions = session.receive(message, now());
      await perform(connectionId, session, actions, { hello, sequence });
      await tell(connectionId, session, { hello, sequence }, message);
    } catch (thrown) {
      const error = toBatonError(thrown);
      onFailure(error);
      await perform(connectionId, session, session.failed(error), null, said);
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
    said: Said | null = null,
  ): Promise<void> {
    let isThere = true;
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
          isThere = await post(connectionId, writeServerMessage(action.message));
          break;
        case 'close':
          if (!(await leave(connectionId, action.error ?? 'ended')) && isThere && action.error !== null)
            note(refusedRecord(now(), 'websocket', said, action.error));
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
    if (isLost(showKey(hello), sequence.next(), number === null ? null : isAhead))
      throw new BatonError('STORE_FAILED', `message ${sequence.next()} of ${showKey(hello)} has not come`);
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
    const { before, resumes } = await shows.claim(channel, { show, publisher: connectionId, claimedAt: now() });
    const wasReplaced =
      before !== null && before.publisher !== connectionId && (await replace(before.publisher, channel));
    if (before !== null && before.show !== show) await shows.finish({ channel, show: before.show }, now());
    sequences.forget(hello);
    const sequence = await sequences.of(hello);
    await sequence.settle();
    const [next, end] = [sequence.next(), sequence.end()];
    if (from > next && end === null) await sequence.skipTo(from);
    const seat = { since: now(), resumes, messages: sequence.next(), bytes: sequence.bytes() };
    if (end === null && (await known.seat(connectionId, seat)))
      note(onAirRecord(now(), 'websocket', hello, { resumes, tookOver: wasReplaced && before.show !== show }));
    const links = channelLinks(channel, hasPictures(hello.format));
    const standing = { next, stored: next, hasEnded: end !== null, isOnAir: false, links };
    const recording = end === null ? null : recordingLinks(nameOf(hello), hasPictures(hello.format));
    const welcome = session.claimed({ ...standing, recording }, now());
    return [...welcome, ...session.tick(now(), await listeners(channel))];
  }

  /** False: they were not there any more. */
  async function replace(connectionId: string, channel: string): Promise<boolean> {
    const error = new BatonError('PUBLISHER_REPLACED', channel);
    const session = createSession({ now: now(), isBinary: false });
    for (const action of session.failed(error))
      if (action.do === 'send') await post(connectionId, writeServerMessage(action.message));
    return await leave(connectionId, error);
  }

  /** What cannot be said is said again later: acks name everything before them. */
  async function post(connectionId: string, text: string): Promise<boolean> {
    return await connections.post(connectionId, text).catch((thrown: unknown) => {
      onFailure(toBatonError(thrown));
      return true;
    });
  }

  /** False: they had no channel, or do not have it any more. */
  async function leave(connectionId: string, reason: 'ended' | BatonError): Promise<boolean> {
    const hadChannel = await takeAway(connectionId, reason);
    await connections.close(connectionId).catch((thrown: unknown) => onFailure(toBatonError(thrown)));
    return hadChannel;
  }

  return { receive, gone: async (connectionId) => void (await takeAway(connectionId, 'gone')) };
}

interface Show {
  readonly hello: Hello;
  readonly sequence: Sequence;
}

const nameOf = ({ channel, show }: Hello): ShowName => ({ channel, show });
