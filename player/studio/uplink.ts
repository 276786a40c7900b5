import type { ResendQueue } from './resend-queue.ts';
import { PING, dataMessage, endMessage, helloMessage, readServerMessage, titleMessage } from './wire.ts';
import type { Hello, Links, OnAir, ServerMessage } from './wire.ts';

/** How far a connection has got. `ended`: the server has the whole show, or has ended it. */
export type UplinkState =
  | { readonly at: 'connecting' | 'open' }
  | { readonly at: 'waiting'; readonly delayMs: number }
  | { readonly at: 'refused'; readonly code: string; readonly message: string }
  | { readonly at: 'ended'; readonly recording: Links | null };

/** The part of a WebSocket that is used. */
export interface Socket extends EventTarget {
  send(message: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** What an uplink does its work with; clock (milliseconds) and network. */
export interface UplinkDeps {
  readonly open: () => Socket;
  readonly hello: Omit<Hello, 'from'>;
  readonly queue: ResendQueue;
  readonly now: () => number;
  /** Something that is shown has changed. */
  readonly changed: () => void;
  /** Everything stops with it. */
  readonly signal: AbortSignal;
}

/** One show on its way to the server, over as many connections as it takes. */
export interface Uplink {
  state(): UplinkState;
  /** Null before the server has told. */
  onAir(): OnAir | null;
  listeners(): number;
  links(): Links | null;
  /** There is more in the queue. */
  pump(): void;
  title(text: string, artist: string): void;
  /** Nothing more comes into the queue: when the server has it all, the show is over. */
  end(): void;
  /** The network is back. */
  online(): void;
}

/** Connects at once, and again whenever a connection breaks, until the show has ended or is refused for good. */
export function createUplink(deps: UplinkDeps): Uplink {
  const { queue, now, changed, signal } = deps;
  let state: UplinkState = { at: 'connecting' };
  let socket: Socket | null = null;
  let welcome: (ServerMessage & { readonly type: 'welcome' }) | null = null;
  let told: (ServerMessage & { readonly type: 'state' }) | null = null;
  let links: Links | null = null;
  let refusal: (ServerMessage & { readonly type: 'error' }) | null = null;
  let isEnding = false;
  /** The number of the message to be sent next on this connection, and how many bytes of it are not acknowledged. */
  let [sending, unacknowledged] = [0, 0];
  let isEndSent = false;
  let song: string | null = null;
  let attempts = 0;
  let heardAt = 0;
  let pingedAt = 0;
  /** What may be sent now, of what the server takes in a second. */
  let [budget, budgetAt] = [0, 0];
  let retry: ReturnType<typeof setTimeout> | undefined;

  function enter(next: UplinkState): void {
    state = next;
    changed();
  }

  function connect(): void {
    if (signal.aborted) return;
    clearTimeout(retry);
    enter({ at: 'connecting' });
    const opened = (socket = deps.open());
    [welcome, refusal, isEndSent, heardAt] = [null, null, false, now()];
    opened.addEventListener('open', () => opened.send(helloMessage({ ...deps.hello, from: queue.first() })));
    opened.addEventListener('message', (event) => {
      if (socket === opened) hear(readServerMessage((event as MessageEvent<unknown>).data));
    });
    opened.addEventListener('close', () => {
      if (socket === opened) closed();
    });
  }

  function hear(message: ServerMessage | null): void {
    heardAt = now();
    if (message?.type === 'welcome') welcomed(message);
    else if (message?.type === 'ack') acknowledged(message.next);
    else if (message?.type === 'state') {
      told = message;
      if (message.onAir === 'ended') finish({ at: 'ended', recording: message.recording });
      changed();
    } else if (message?.type === 'error') refusal = message;
  }

  function welcomed(message: ServerMessage & { readonly type: 'welcome' }): void {
    welcome = message;
    links = message.links ?? links;
    attempts = 0;
    queue.drop(message.next);
    [sending, unacknowledged, budget, budgetAt] = [
      Math.max(message.next, queue.first()),
      0,
      message.maxBytesPerSecond * SHARE,
      now(),
    ];
    if (song !== null) socket?.send(song);
    enter({ at: 'open' });
    pump();
  }

  function acknowledged(number: number): void {
    for (let n = queue.first(); n < Math.min(number, sending); n++) unacknowledged -= queue.at(n)?.payload.length ?? 0;
    queue.drop(number);
    changed();
    pump();
  }

  function pump(): void {
    if (socket === null || welcome === null) return;
    const { binary, maxBytesPerSecond, maxUnacknowledgedBytes } = welcome;
    const rate = maxBytesPerSecond * SHARE;
    budget = Math.min(rate, budget + (rate * (now() - budgetAt)) / 1000);
    budgetAt = now();
    for (let next = queue.at(sending); next !== null; next = queue.at(sending)) {
      const { length } = next.payload;
      const isFull = unacknowledged > 0 && unacknowledged + length > maxUnacknowledgedBytes;
      if (isFull || budget < 0) return; // the next acknowledgement or the next look goes on
      socket.send(dataMessage(sending, next.payload, binary));
      sending++;
      unacknowledged += length;
      budget -= Math.max(LEAST, length);
    }
    if (!isEnding || isEndSent) return;
    isEndSent = true;
    socket.send(endMessage(queue.next()));
  }

  function closed(): void {
    [socket, welcome] = [null, null];
    if (signal.aborted || state.at === 'ended') return;
    if (refusal?.retryAfterSeconds === null) {
      finish({ at: 'refused', code: refusal.code, message: refusal.message });
      return;
    }
    const delayMs =
      refusal === null ? Math.min(LONGEST_MS, SHORTEST_MS * 2 ** attempts) : refusal.retryAfterSeconds * 1000;
    attempts++;
    enter({ at: 'waiting', delayMs });
    retry = setTimeout(connect, delayMs);
  }

  function finish(last: UplinkState): void {
    enter(last);
    leave();
  }

  function leave(): void {
    const open = socket;
    socket = welcome = null;
    open?.close();
    clearInterval(looks);
    clearTimeout(retry);
  }

  function look(): void {
    if (socket === null) return;
    if (now() - heardAt > DEAD_MS) {
      const dead = socket;
      closed();
      dead.close();
    } else if (welcome !== null && now() - pingedAt > PING_MS) {
      pingedAt = now();
      socket.send(PING);
    }
    pump();
  }

  const looks = setInterval(look, LOOK_MS);
  signal.addEventListener('abort', leave);
  connect();

  return {
    state: () => state,
    onAir: () => told?.onAir ?? null,
    listeners: () => told?.listeners ?? 0,
    links: () => links,
    pump,
    title(text, artist) {
      song = titleMessage(text, artist);
      if (welcome !== null) socket?.send(song);
    },
    end() {
      isEnding = true;
      pump();
    },
    online() {
      if (state.at !== 'waiting') return;
      attempts = 0;
      connect();
    },
  };
}

/** What a message counts at least. */
const LEAST = 1024;
const LOOK_MS = 100;
const PING_MS = 5000;
/** A connection on which nothing has come for so long is dead. */
const DEAD_MS = 15_000;
const [SHORTEST_MS, LONGEST_MS] = [250, 4000];
/** Of what the server takes in a second, so that no clock makes it too much. */
const SHARE = 0.8;
