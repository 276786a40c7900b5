import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { BatonError, toBatonError } from '../errors.ts';
import type { Keys } from '../sign/keys.ts';
import { readPublisherToken } from '../sign/publisher-token.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { Ingest } from './ingest.ts';
import { readPublisherMessage, writeServerMessage, type Hello, type Links } from './message.ts';
import { createOnAir, type OnAir } from './on-air.ts';
import { ABANDONED_MS } from './recording.ts';
import { createSession, type Action, type Session } from './session.ts';
import type { ShowName } from './show-store.ts';
import { standing } from './standing.ts';

/** Takes publishers, in a process that lives on between messages. */
export interface Publishing {
  /** A publisher who has connected; null where there are too many, or the server stops. */
  connect(connection: Connection): Publisher | null;
  /** What is on from now on, said by whoever has a good token. @throws as `readPublisherToken`; OFF_AIR */
  entitle(channel: string, token: string, title: string, artist: string): void;
  /** Whether one more may connect. */
  hasRoom(): boolean;
  /** Publishers who are connected. */
  count(): number;
  /** Tells all publishers that they may come again, and stores what came. */
  close(): Promise<void>;
}

/** How a publisher is told something. */
export interface Connection {
  readonly isBinary: boolean;
  send(message: string): void;
  close(code: number): void;
  /** No more is to be read until `resume`. */
  pause(): void;
  resume(): void;
}

/** A publisher's side of a connection, as it comes in. */
export interface Publisher {
  /** A message as it came. */
  receive(message: string | Uint8Array): void;
  /** The connection is gone, or breaks a rule of its transport. */
  gone(): void;
  failed(error: BatonError): void;
}

export interface PublishingDeps {
  readonly ingest: Ingest;
  readonly keys: Keys;
  /** Unix time. */
  readonly now: () => Milliseconds;
  readonly maxPublishers: number;
  readonly listeners: (channel: string) => number;
  /** Where a channel is heard, and a show that has ended. */
  readonly channelLinks: (channel: string) => Links | null;
  readonly recordingLinks: (name: ShowName) => Links | null;
  /** Looks at a show that has just ended, so that nobody has to wait for its length; never throws, and does not take long. */
  readonly measure: (name: ShowName) => Promise<void>;
}

interface Connected extends Publisher {
  readonly perform: (actions: readonly Action[]) => void;
  readonly session: Session;
  channel: string | null;
}

/** What a publisher has on a channel. */
interface Seat {
  readonly show: OnAir;
  /** Names the claim in the store. */
  readonly claim: string;
  holder: Connected | null;
  leftAt: Milliseconds;
}

const TICK_MS: Milliseconds = 1_000;
/** So often a show is looked up that may have been taken over in another process. */
const LOOK_TICKS = 5;
/** A publisher is held back above so much that is not stored, until it is half of that. */
const MOST_UNSTORED: Bytes = 4 * 2 ** 20;

export function createPublishing(deps: PublishingDeps): Publishing {
  const { ingest, keys, now } = deps;
  const { shows } = ingest;
  const connections = new Set<Connected>();
  const seats = new Map<string, Seat>();
  /** Claims of a channel, one after the other. */
  const claims = new Map<string, Promise<void>>();
  const work = new Set<Promise<void>>();
  let isClosing = false;
  let ticks = 0;
  let timer: NodeJS.Timeout | null = null;

  const track = (promise: Promise<void>): void => {
    const settled = promise.catch(() => undefined).finally(() => work.delete(settled));
    work.add(settled);
  };

  const hasRoom = (): boolean => !isClosing && connections.size < deps.maxPublishers;

  function connect(connection: Connection): Publisher | null {
    if (!hasRoom()) return null;
    timer ??= setInterval(tick, TICK_MS);
    const session = createSession({ now: now(), isBinary: connection.isBinary });
    let isPaused = false;

    function perform(actions: readonly Action[]): void {
      for (const action of actions) act(action);
    }

    function act(action: Action): void {
      switch (action.do) {
        case 'send':
          return void connection.send(writeServerMessage(action.message));
        case 'close':
          leave();
          return void connection.close(action.code);
        case 'claim':
          return void track(claim(self, action.hello));
        case 'write':
          return void write(action);
        case 'entitle':
          return void seatOf(self)?.show.entitle(action.title.title, action.title.artist);
        case 'finish':
          return void track(finish(self));
      }
    }

    function write({ number, payload, isAfterGap }: Action & { do: 'write' }): void {
      const show = seatOf(self)?.show;
      if (show === undefined) return;
      show.write(number, payload, isAfterGap);
      if (isPaused || show.unstored() <= MOST_UNSTORED) return;
      isPaused = true;
      connection.pause();
    }

    function leave(): void {
      connections.delete(self);
      const seat = seatOf(self);
      if (seat !== null) Object.assign(seat, { holder: null, leftAt: now() });
    }

    const failed = (thrown: unknown): void => perform(session.failed(toBatonError(thrown)));

    const self: Connected = {
      ...{ session, channel: null, failed, gone: leave },
      perform: (actions) => {
        if (isPaused && (seatOf(self)?.show.unstored() ?? 0) <= MOST_UNSTORED / 2) {
          isPaused = false;
          connection.resume();
        }
        perform(actions);
      },
      receive: (message) => {
        try {
          perform(session.receive(readPublisherMessage(message), now()));
        } catch (thrown) {
          failed(thrown);
        }
      },
    };
    connections.add(self);
    return self;
  }

  function seatOf(connected: Connected): Seat | null {
    const seat = connected.channel === null ? undefined : seats.get(connected.channel);
    return seat?.holder === connected ? seat : null;
  }

  async function claim(self: Connected, hello: Hello): Promise<void> {
    const { channel } = hello;
    try {
      checkToken(hello.token, channel);
      self.channel = channel;
      const before = claims.get(channel) ?? Promise.resolve();
      const mine = before.then(() => seat(self, hello));
      const settled = mine.catch(() => undefined);
      claims.set(channel, settled);
      await mine.finally(() => claims.get(channel) === settled && claims.delete(channel));
    } catch (thrown) {
      self.failed(toBatonError(thrown));
    }
  }

  /** Gives the channel to `self`, whoever had it before. */
  async function seat(self: Connected, { channel, show, format, name: station }: Hello): Promise<void> {
    if (!connections.has(self)) return;
    const name: ShowName = { channel, show };
    const known = seats.get(channel);
    known?.holder?.failed(new BatonError('PUBLISHER_REPLACED', channel));
    const claimed = randomUUID();
    const before = await shows.claim(channel, { show, publisher: claimed, claimedAt: now() });
    if (known !== undefined && (known.show.name.show !== show || known.show.hasEnded())) await close(known);
    else if (known === undefined && before !== null && before.show !== show)
      await shows.finish({ channel, show: before.show }, now());
    const here = seats.get(channel);
    const state = here === undefined ? await standing(shows, name, format) : null;
    const recording = state === 'ended' ? deps.recordingLinks(name) : null;
    const links = deps.channelLinks(channel);
    if (!connections.has(self) || isClosing) return;
    if (state === 'ended') {
      const last = await shows.last(name);
      const next = last?.batch.next ?? 0;
      return void self.perform(
        self.session.claimed({ next, stored: next, hasEnded: true, isOnAir: false, recording, links }, now()),
      );
    }
    if (here !== undefined && JSON.stringify(here.show.format) !== JSON.stringify(format))
      throw new BatonError('INGEST_FORMAT', 'another format than in the hello before');
    const seated: Seat = {
      show: here?.show ?? createShow(name, { format, station, serial: crc32(`${channel}/${show}`) }, state),
      ...{ claim: claimed, holder: self, leftAt: now() },
    };
    seats.set(channel, seated);
    ingest.onAir.set(channel, seated.show);
    const [next, stored] = [seated.show.next(), seated.show.stored()];
    self.perform(self.session.claimed({ next, stored, hasEnded: false, isOnAir: false, recording, links }, now()));
  }

  function createShow(
    name: ShowName,
    about: Parameters<typeof createOnAir>[1],
    from: Parameters<typeof createOnAir>[2],
  ): OnAir {
    const holder = (): Connected | null => seats.get(name.channel)?.holder ?? null;
    return createOnAir(name, about, from, {
      ...{ shows, now },
      onStored: (next) => {
        const connected = holder();
        connected?.perform(connected.session.stored(next));
      },
      onTaken: () => drop(name.channel, new BatonError('PUBLISHER_REPLACED', name.channel)),
    });
  }

  /** The show goes on elsewhere, or cannot go on. */
  function drop(channel: string, error: BatonError): void {
    const seat = seats.get(channel);
    seats.delete(channel);
    ingest.onAir.delete(channel);
    const { holder = null } = seat ?? {};
    holder?.failed(error);
    if (seat !== undefined) track(seat.show.leave());
  }

  async function close(seat: Seat): Promise<void> {
    const { channel } = seat.show.name;
    try {
      await seat.show.end();
    } finally {
      if (seats.get(channel) === seat) seats.delete(channel);
      if (ingest.onAir.get(channel) === seat.show) ingest.onAir.delete(channel);
    }
  }

  async function finish(self: Connected): Promise<void> {
    const seat = seatOf(self);
    if (seat === null) return;
    try {
      const { name } = seat.show;
      const end = await seat.show.end();
      self.perform(self.session.stored(seat.show.next()));
      if (end !== null) await deps.measure(name);
      self.perform(self.session.ended(end && deps.recordingLinks(name)));
      await close(seat);
    } catch (thrown) {
      drop(seat.show.name.channel, toBatonError(thrown));
    }
  }

  function tick(): void {
    ticks += 1;
    for (const connected of connections) {
      const count = connected.channel === null ? 0 : deps.listeners(connected.channel);
      connected.perform(connected.session.tick(now(), count));
    }
    for (const [channel, seat] of seats) {
      const isLeft = seat.holder === null && now() - seat.leftAt > ABANDONED_MS;
      if (isLeft) track(close(seat));
      else if (ticks % LOOK_TICKS === 0) track(look(channel, seat));
    }
    if (connections.size === 0 && seats.size === 0) stopTicking();
  }

  function stopTicking(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  async function look(channel: string, seat: Seat): Promise<void> {
    const record = await shows.record(channel);
    if (record === null || record.publisher === seat.claim || seats.get(channel) !== seat) return;
    drop(channel, new BatonError('PUBLISHER_REPLACED', channel));
  }

  const checkToken = (token: string, channel: string): void => {
    const publisher = readPublisherToken(token, keys, now() / 1000);
    if (publisher.channel !== channel) throw new BatonError('PUBLISHER_REFUSED', `not for ${channel}`);
  };

  return {
    connect,
    hasRoom,
    entitle: (channel, token, title, artist) => {
      checkToken(token, channel);
      const show = seats.get(channel)?.show;
      if (show === undefined || show.hasEnded()) throw new BatonError('OFF_AIR', channel);
      show.entitle(title, artist);
    },
    count: () => connections.size,
    close: async () => {
      isClosing = true;
      stopTicking();
      for (const connected of [...connections]) connected.failed(new BatonError('STOPPING'));
      await Promise.all([...seats.values()].map(({ show }) => show.leave()));
      seats.clear();
      ingest.onAir.clear();
      while (work.size > 0) await Promise.all(work);
    },
  };
}
