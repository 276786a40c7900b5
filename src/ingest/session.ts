import { BatonError, type FailureCode } from '../errors.ts';
import type { Bytes, Milliseconds, Seconds } from '../units.ts';
import { BURST, countOf, mostPerSecond } from './allowance.ts';
import {
  MOST_PAYLOAD,
  MOST_TEXT_PAYLOAD,
  PROTOCOL,
  type Hello,
  type Links,
  type OnAir,
  type PublisherMessage,
  type ServerMessage,
  type Title,
} from './message.ts';

/**
 * One connection of a publisher: what comes in, and what is to be done about it. It does nothing itself, and knows of no
 * transport: whoever runs it (a WebSocket of the Node server, functions behind a gateway) does what it says, in order, and
 * tells it what comes of it.
 */
export interface Session {
  receive(message: PublisherMessage, now: Milliseconds): Action[];
  /** The channel is this publisher's, and its show stands there. Answers `claim`. */
  claimed(show: Standing, now: Milliseconds): Action[];
  /** Every message before `next` is stored. */
  stored(next: number): Action[];
  /** Answers `finish`; also when the show is ended by somebody else. */
  ended(recording: Links | null): Action[];
  /** Something went wrong, or another publisher has taken over. */
  failed(error: BatonError): Action[];
  /** To be called about once a second. */
  tick(now: Milliseconds, listeners: number): Action[];
  /** Null: the publisher has no channel yet. */
  onAir(): OnAir | null;
}

export type Action =
  /** The token is to be checked, the channel claimed, and the show looked up: `claimed`, or `failed`. */
  | { readonly do: 'claim'; readonly hello: Hello }
  /** The payload of the next message; `isAfterGap`: some before it are lost for good. */
  | { readonly do: 'write'; readonly number: number; readonly payload: Uint8Array; readonly isAfterGap: boolean }
  | { readonly do: 'entitle'; readonly title: Title }
  /** All that came is to be stored, and the show ended: `stored`, then `ended`. */
  | { readonly do: 'finish' }
  | { readonly do: 'send'; readonly message: ServerMessage }
  /** `error`: what has been said of it; null: the show is over. */
  | { readonly do: 'close'; readonly code: number; readonly error: BatonError | null };

/** Where a show stands. */
export interface Standing {
  /** The number of the next message that is wanted, and of the first one that is not stored. */
  readonly next: number;
  readonly stored: number;
  readonly hasEnded: boolean;
  readonly isOnAir: boolean;
  readonly recording: Links | null;
  /** Of the channel. */
  readonly links: Links | null;
}

export interface SessionOptions {
  readonly now: Milliseconds;
  /** Whether the transport carries binary messages. */
  readonly isBinary: boolean;
}

/** A publisher has so long to say who it is. */
const HELLO_MS: Milliseconds = 5_000;
/** A channel on which nothing comes for so long is on standby. */
export const STALLED_MS: Milliseconds = 3_000;
const STATE_MS: Milliseconds = 5_000;
/** What a message without sound counts. */
const TALK: Bytes = 4096;
const MOST_UNACKNOWLEDGED: Bytes = 2 ** 20;

const CLOSE = { done: 1000, refused: 1008, later: 1013 } as const;
const CLOSED: Action = { do: 'close', code: CLOSE.done, error: null };

/** When a publisher may come again; never where it is not said. */
const RETRY: Partial<Record<FailureCode, Seconds>> = {
  ...{ INGEST_FLOOD: 10, INGEST_SILENT: 1, BUSY: 5, STOPPING: 1, STORE_FAILED: 5, INTERNAL: 5 },
};

/** A connection that was just opened. */
export function createSession({ now: openedAt, isBinary }: SessionOptions): Session {
  let phase: 'opened' | 'claiming' | 'open' | 'ending' | 'over' = 'opened';
  let onAir: OnAir = 'ready';
  let next = 0;
  let acknowledged = 0;
  let lost = 0;
  let dataAt = openedAt;
  let saidAt = openedAt;
  let listeners = 0;
  let allowance: Bytes = BURST;
  let allowanceAt = openedAt;
  let hello: Hello | null = null;

  const send = (message: ServerMessage): Action => ({ do: 'send', message });
  const state = (recording: Links | null = null): Action => send({ type: 'state', onAir, listeners, recording });

  function receive(message: PublisherMessage, now: Milliseconds): Action[] {
    if (phase === 'over') return [];
    if (message.type === 'hello') return greet(message);
    if (hello === null || phase === 'claiming') return failed(invalid(`${message.type} before welcome`));
    const most = mostPerSecond(hello.format);
    allowance += ((now - allowanceAt) * most) / 1000;
    allowance = Math.min(BURST, allowance) - (message.type === 'data' ? countOf(message.payload) : TALK);
    allowanceAt = now;
    if (allowance < 0) return failed(new BatonError('INGEST_FLOOD', `more than ${most} bytes a second`));
    switch (message.type) {
      case 'data':
        return data(message.number, message.payload, now);
      case 'title':
        return [{ do: 'entitle', title: message }];
      case 'end':
        return end(message.next);
      case 'ping':
        return [state()];
    }
  }

  function greet(message: Hello): Action[] {
    if (phase !== 'opened') return failed(invalid('hello, again'));
    phase = 'claiming';
    hello = message;
    return [{ do: 'claim', hello: message }];
  }

  function claimed(show: Standing, now: Milliseconds): Action[] {
    if (phase !== 'claiming' || hello === null) return [];
    const { channel, show: name, from } = hello;
    lost = show.hasEnded ? 0 : Math.max(0, from - show.next);
    next = show.next + lost;
    acknowledged = show.stored;
    dataAt = now;
    onAir = show.hasEnded ? 'ended' : show.isOnAir ? 'live' : next === 0 ? 'ready' : 'standby';
    const welcome: ServerMessage = {
      ...{ type: 'welcome', version: PROTOCOL, channel, show: name, next: Math.max(show.stored, from), lost },
      ...{ resumed: show.next > 0 || show.hasEnded, binary: isBinary },
      maxPayloadBytes: isBinary ? MOST_PAYLOAD : MOST_TEXT_PAYLOAD,
      maxBytesPerSecond: mostPerSecond(hello.format),
      maxUnacknowledgedBytes: MOST_UNACKNOWLEDGED,
      links: show.links,
    };
    if (!show.hasEnded) {
      phase = 'open';
      return [send(welcome), state()];
    }
    phase = 'over';
    return [send({ ...welcome, next: show.next }), state(show.recording), CLOSED];
  }

  function data(number: number, payload: Uint8Array, now: Milliseconds): Action[] {
    if (phase === 'ending') return failed(invalid('data behind the end'));
    if (number < next) return []; // it was here before the connection broke
    if (number > next) return failed(invalid(`message ${number} where ${next} is due`));
    const isAfterGap = lost > 0;
    lost = 0;
    next += 1;
    dataAt = now;
    const write: Action = { do: 'write', number, payload, isAfterGap };
    if (onAir === 'live') return [write];
    onAir = 'live';
    return [write, state()];
  }

  function end(count: number): Action[] {
    if (phase === 'ending') return [];
    if (count !== next) return failed(invalid(`an end at ${count} where ${next} is due`));
    phase = 'ending';
    return [{ do: 'finish' }];
  }

  function stored(to: number): Action[] {
    if (phase !== 'open' && phase !== 'ending') return [];
    if (to <= acknowledged) return [];
    acknowledged = to;
    return [send({ type: 'ack', next: to })];
  }

  function ended(recording: Links | null): Action[] {
    if (phase === 'over') return [];
    phase = 'over';
    onAir = 'ended';
    return [state(recording), CLOSED];
  }

  function failed(error: BatonError): Action[] {
    if (phase === 'over') return [];
    phase = 'over';
    const { code, message } = error;
    const retryAfterSeconds = RETRY[code] ?? null;
    const close = retryAfterSeconds === null || code.startsWith('INGEST_') ? CLOSE.refused : CLOSE.later;
    return [send({ type: 'error', code, message, retryAfterSeconds }), { do: 'close', code: close, error }];
  }

  function tick(now: Milliseconds, count: number): Action[] {
    if (phase === 'opened' && now - openedAt >= HELLO_MS) return failed(new BatonError('INGEST_SILENT'));
    if (phase !== 'open' && phase !== 'ending') return [];
    const hasStalled = phase === 'open' && onAir === 'live' && now - dataAt >= STALLED_MS;
    if (hasStalled) onAir = 'standby';
    const isNews = hasStalled || count !== listeners || now - saidAt >= STATE_MS;
    listeners = count;
    if (!isNews) return [];
    saidAt = now;
    return [state()];
  }

  const isWelcome = (): boolean => phase !== 'opened' && phase !== 'claiming';

  return { receive, claimed, stored, ended, failed, tick, onAir: () => (isWelcome() ? onAir : null) };
}

const invalid = (detail: string): BatonError => new BatonError('INGEST_INVALID', detail);
