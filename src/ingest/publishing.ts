import { BatonError, toBatonError } from '../errors.ts';
import type { Keys } from '../sign/keys.ts';
import { readPublisherToken } from '../sign/publisher-token.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { claiming } from './claim.ts';
import { hasPictures } from './format.ts';
import { createTurns } from './in-turn.ts';
import type { Ingest } from './ingest.ts';
import type { Links, OnAir } from './message.ts';
import { createPublisher, type Connected, type Connection, type Publisher } from './publisher.ts';
import { refusedRecord, type Door, type PublisherRecord } from './publisher-record.ts';
import { createSeats } from './seats.ts';
import type { ShowName } from './show-store.ts';

/** Takes publishers, in a process that lives on between messages. */
export interface Publishing {
  /** A publisher who has connected; null where there are too many, or the server stops. */
  connect(connection: Connection): Publisher | null;
  /** What is on from now on, said by whoever has a good token. @throws as `readPublisherToken`; OFF_AIR */
  entitle(channel: string, token: string, title: string, artist: string): void;
  /** Whether one more may connect. */
  hasRoom(): boolean;
  /** Notes that somebody was sent away at the door. */
  refused(via: Door, error: BatonError): void;
  /** Publishers who are connected, by what comes from them; `connecting`: they have no channel yet. */
  states(): Readonly<Record<PublisherState, number>>;
  /** What was taken so far. */
  taken(): Taken;
  /** Tells all publishers that they may come again, and stores what came. */
  close(): Promise<void>;
}

export type PublisherState = 'connecting' | Exclude<OnAir, 'ended'>;

/** Messages with sound or pictures, and the bytes of their payloads. */
export interface Taken {
  readonly messages: number;
  readonly bytes: Bytes;
}

export interface PublishingDeps {
  readonly ingest: Ingest;
  readonly keys: Keys;
  /** Unix time. */
  readonly now: () => Milliseconds;
  readonly maxPublishers: number;
  readonly listeners: (channel: string) => number;
  /** Where a channel is heard, and a show that has ended. */
  readonly channelLinks: (channel: string, hasPictures: boolean) => Links | null;
  readonly recordingLinks: (name: ShowName, hasPictures: boolean) => Links | null;
  /** Looks at a show that has just ended, so that nobody has to wait for its length; never throws, and does not take long. */
  readonly measure: (name: ShowName) => Promise<void>;
  /** Hears of publishers who go on air, leave, or are refused. */
  readonly note: (record: PublisherRecord) => void;
}

const TICK_MS: Milliseconds = 1_000;
/** So often a show is looked up that may have been taken over in another process. */
const LOOK_TICKS = 5;

export function createPublishing(deps: PublishingDeps): Publishing {
  const { ingest, keys, now, note } = deps;
  const publishers = new Set<Connected>();
  const work = new Set<Promise<void>>();
  let taken: Taken = { messages: 0, bytes: 0 };
  let isClosing = false;
  let ticks = 0;
  let timer: NodeJS.Timeout | null = null;

  const track = (promise: Promise<void>): void => {
    const settled = promise.catch(() => undefined).finally(() => work.delete(settled));
    work.add(settled);
  };

  const checkToken = (token: string, channel: string): void => {
    const publisher = readPublisherToken(token, keys, now() / 1000);
    if (publisher.channel !== channel) throw new BatonError('PUBLISHER_REFUSED', `not for ${channel}`);
  };

  const inTurn = createTurns();
  const seats = createSeats({ ingest, now, inTurn, track });
  const claim = claiming({
    ...{ shows: ingest.shows, strictShows: ingest.strictShows, seats, inTurn, now, checkToken },
    ...{ channelLinks: deps.channelLinks, recordingLinks: deps.recordingLinks },
    isThere: (publisher) => publishers.has(publisher) && !isClosing,
  });

  const hasRoom = (): boolean => !isClosing && publishers.size < deps.maxPublishers;

  const refused = (via: Door, error: BatonError): void => note(refusedRecord(now(), via, null, error));

  function connect(connection: Connection): Publisher | null {
    if (!hasRoom()) {
      refused(connection.via, new BatonError(isClosing ? 'STOPPING' : 'BUSY', 'publishers'));
      return null;
    }
    timer ??= setInterval(tick, TICK_MS);
    const publisher = createPublisher(connection, {
      ...{ now, seats, note },
      took: (bytes) => (taken = { messages: taken.messages + 1, bytes: taken.bytes + bytes }),
      claim: (self, hello) => track(claim(self, hello)),
      finish: (self) => track(finish(self)),
      left: (self) => publishers.delete(self),
    });
    publishers.add(publisher);
    return publisher;
  }

  async function finish(publisher: Connected): Promise<void> {
    const seat = seats.heldBy(publisher);
    if (seat === null) return;
    try {
      const { name } = seat.show;
      const end = await seat.show.end();
      publisher.perform(publisher.session.stored(seat.show.next()));
      if (end !== null) await deps.measure(name);
      publisher.perform(publisher.session.ended(end && deps.recordingLinks(name, hasPictures(seat.show.format))));
      await seats.close(seat);
    } catch (thrown) {
      seats.drop(seat.show.name.channel, toBatonError(thrown));
    }
  }

  function tick(): void {
    ticks += 1;
    for (const publisher of publishers) {
      const count = publisher.channel === null ? 0 : deps.listeners(publisher.channel);
      publisher.perform(publisher.session.tick(now(), count));
    }
    if (ticks % LOOK_TICKS === 0) seats.look();
    seats.sweep();
    if (publishers.size === 0 && seats.isEmpty()) stopTicking();
  }

  function stopTicking(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    connect,
    hasRoom,
    refused,
    taken: () => taken,
    states: () => {
      const states = { connecting: 0, ready: 0, live: 0, standby: 0 };
      for (const { session } of publishers) {
        const state = session.onAir() ?? 'connecting';
        if (state !== 'ended') states[state] += 1;
      }
      return states;
    },
    entitle: (channel, token, title, artist) => {
      checkToken(token, channel);
      const show = seats.find(channel)?.show;
      if (show === undefined || show.hasEnded()) throw new BatonError('OFF_AIR', channel);
      show.entitle(title, artist);
    },
    close: async () => {
      isClosing = true;
      stopTicking();
      for (const publisher of [...publishers]) publisher.failed(new BatonError('STOPPING'));
      await seats.clear();
      while (work.size > 0) await Promise.all(work);
    },
  };
}
