import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { IngestFormat } from '../../src/ingest/format.ts';
import {
  writePublisherMessage,
  writeTextData,
  type Hello,
  type Refusal,
  type ServerMessage,
  type State,
  type Welcome,
} from '../../src/ingest/message.ts';

/** A publisher as docs/ingest.md has it: keeps what is not acknowledged, connects again, goes on where the server says. */
export interface TestPublisher extends AsyncDisposable {
  /** All that the server has said, over all connections. */
  readonly said: readonly ServerMessage[];
  /** The last one of this type. */
  last(type: 'welcome'): Welcome | undefined;
  last(type: 'state'): State | undefined;
  last(type: 'error'): Refusal | undefined;
  readonly connections: number;
  /** Messages that are not acknowledged. */
  readonly kept: number;
  acknowledged(): number;
  /** Puts the payload of the next message into the queue. */
  send(payload: Uint8Array): void;
  title(title: string, artist?: string): void;
  /** Breaks the connection, as a network does. */
  cut(): void;
  /** Connects somewhere else from now on. */
  moveTo(origin: string): void;
  /** Resolves when the server has said something that `holds`. */
  until(holds: (message: ServerMessage) => boolean, withinMs?: number): Promise<ServerMessage>;
  /** Ends the show, and gives what the server says of it. */
  end(): Promise<State>;
}

export interface PublisherOptions {
  readonly origin: string;
  /** Of the WebSocket; that of a Node server unless given. */
  readonly address?: string;
  readonly token: string;
  readonly channel: string;
  readonly show: string;
  readonly format: IngestFormat;
  readonly name?: string;
}

export function startPublisher(options: PublisherOptions): TestPublisher {
  let { origin } = options;
  const said: ServerMessage[] = [];
  const waiting = new Set<() => void>();
  let queue: { readonly number: number; readonly payload: Uint8Array }[] = [];
  let next = 0;
  let acknowledged = 0;
  let connections = 0;
  let socket: WebSocket | null = null;
  let isWelcome = false;
  let endAt: number | null = null;
  let isOver = false;

  const say = (message: Parameters<typeof writePublisherMessage>[0]): void => {
    const isText = message.type === 'data' && last('welcome')?.binary === false;
    if (socket?.readyState === WebSocket.OPEN)
      socket.send(isText ? writeTextData(message) : writePublisherMessage(message));
  };

  function take(message: ServerMessage): void {
    said.push(message);
    if (message.type === 'ack' || message.type === 'welcome') {
      acknowledged = message.next;
      queue = queue.filter(({ number }) => number >= message.next);
    }
    if (message.type === 'welcome') {
      isWelcome = true;
      for (const each of queue) say({ type: 'data', ...each });
      if (endAt !== null) say({ type: 'end', next: endAt });
    }
    if (message.type === 'error' && message.retryAfterSeconds === null) isOver = true;
    if (message.type === 'state' && message.onAir === 'ended') isOver = true;
    for (const wake of [...waiting]) wake();
  }

  async function run(): Promise<void> {
    const isDone = (): boolean => isOver;
    for (let failures = 0; !isDone(); failures++) {
      const peer = new WebSocket(options.address ?? `${origin.replace('http', 'ws')}/ingest`, { origin });
      socket = peer;
      isWelcome = false;
      peer.on('error', () => undefined);
      peer.on('open', () => {
        connections += 1;
        failures = 0;
        const { token, channel, show, format, name = '' } = options;
        const hello: Hello = { type: 'hello', token, channel, show, format, name, from: queue[0]?.number ?? next };
        say(hello);
      });
      peer.on('message', (data) => take(JSON.parse((data as Buffer).toString()) as ServerMessage));
      await once(peer, 'close');
      isWelcome = false;
      if (!isDone()) await sleep(Math.min(1_000, 50 * 2 ** failures));
    }
  }
  const running = run();

  const last: TestPublisher['last'] = (type: ServerMessage['type']): never =>
    said.findLast((message) => message.type === type) as never;

  async function until(holds: (message: ServerMessage) => boolean, withinMs = 10_000): Promise<ServerMessage> {
    const from = performance.now();
    for (;;) {
      const found = said.findLast(holds);
      if (found !== undefined) return found;
      const left = withinMs - (performance.now() - from);
      if (left <= 0) throw new Error(`never said; last: ${JSON.stringify(said.at(-1))}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(wake, left);
        waiting.add(wake);
      });
    }
  }

  return {
    said,
    last,
    until,
    get connections() {
      return connections;
    },
    get kept() {
      return queue.length;
    },
    acknowledged: () => acknowledged,
    send: (payload) => {
      const message = { number: next++, payload };
      queue.push(message);
      if (isWelcome) say({ type: 'data', ...message });
    },
    title: (title, artist = '') => say({ type: 'title', title, artist }),
    cut: () => {
      isWelcome = false;
      socket?.terminate();
    },
    moveTo: (to) => {
      origin = to;
      socket?.terminate();
    },
    end: async () => {
      endAt = next;
      if (isWelcome) say({ type: 'end', next });
      return (await until((message) => message.type === 'state' && message.onAir === 'ended', 30_000)) as State;
    },
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      socket?.terminate();
      await running;
    },
  };
}
