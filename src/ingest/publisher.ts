import { toBatonError, type BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { attendance } from './attendance.ts';
import { readPublisherMessage, writeServerMessage, type Hello } from './message.ts';
import type { Door, PublisherRecord } from './publisher-record.ts';
import type { Holder, Seats } from './seats.ts';
import { createSession, type Action } from './session.ts';

/** How a publisher is told something. */
export interface Connection {
  readonly via: Door;
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

export interface Connected extends Publisher, Holder {
  channel: string | null;
  /** The channel is this publisher's. */
  seated(facts: { readonly resumes: number; readonly tookOver: boolean }): void;
}

export interface PublisherDeps {
  readonly now: () => Milliseconds;
  readonly seats: Seats;
  /** Answered by `Session.claimed`, or `failed`. */
  readonly claim: (publisher: Connected, hello: Hello) => void;
  readonly finish: (publisher: Connected) => void;
  /** It has left, or was sent away. */
  readonly left: (publisher: Connected) => void;
  /** The payload of a message was taken. */
  readonly took: (bytes: Bytes) => void;
  readonly note: (record: PublisherRecord) => void;
}

/** A publisher is held back above so much that is not stored, until it is half of that. */
const MOST_UNSTORED: Bytes = 4 * 2 ** 20;

/** A publisher who has just connected. */
export function createPublisher(connection: Connection, deps: PublisherDeps): Connected {
  const { now, seats, claim, finish, left, took, note } = deps;
  const session = createSession({ now: now(), isBinary: connection.isBinary });
  const attended = attendance(connection.via, now, note);
  let isPaused = false;

  function act(action: Action): void {
    switch (action.do) {
      case 'send':
        return void connection.send(writeServerMessage(action.message));
      case 'close':
        leave(action.error ?? 'ended');
        return void connection.close(action.code);
      case 'claim':
        attended.said(action.hello);
        return void claim(self, action.hello);
      case 'write':
        return void write(action);
      case 'entitle':
        return void seats.heldBy(self)?.show.entitle(action.title.title, action.title.artist);
      case 'finish':
        return void finish(self);
    }
  }

  function write({ number, payload, isAfterGap }: Action & { do: 'write' }): void {
    const show = seats.heldBy(self)?.show;
    if (show === undefined) return;
    show.write(number, payload, isAfterGap);
    attended.took(payload.length);
    took(payload.length);
    if (isPaused || show.unstored() <= MOST_UNSTORED) return;
    isPaused = true;
    connection.pause();
  }

  function perform(actions: readonly Action[]): void {
    if (isPaused && (seats.heldBy(self)?.show.unstored() ?? 0) <= MOST_UNSTORED / 2) {
      isPaused = false;
      connection.resume();
    }
    for (const action of actions) act(action);
  }

  function leave(reason: 'ended' | 'gone' | BatonError): void {
    left(self);
    seats.leave(self);
    attended.over(reason);
  }

  const failed = (thrown: unknown): void => session.failed(toBatonError(thrown)).forEach(act);

  const self: Connected = {
    ...{ session, channel: null, perform, failed, seated: (facts) => attended.onAir(facts), gone: () => leave('gone') },
    receive: (message) => {
      try {
        session.receive(readPublisherMessage(message), now()).forEach(act);
      } catch (thrown) {
        failed(thrown);
      }
    },
  };
  return self;
}
