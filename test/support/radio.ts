import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { broadcast, type Broadcast } from './radio-broadcast.ts';
import type { Program } from './radio-program.ts';

export interface RadioOptions {
  /** 1 is real time. */
  readonly speed?: number;
  /** How often the station sends. */
  readonly tickMs?: number;
  readonly behaviour?: Partial<RadioBehaviour>;
}

/** How the station answers. Every field may be changed while it runs; it counts from the next request on. */
export interface RadioBehaviour {
  /** 'shoutcast' answers `ICY 200 OK`. */
  protocol: 'icecast' | 'shoutcast';
  /** What a listener gets at once. 0: what comes from now on. */
  burstBytes: number;
  /** Answers with it instead of the stream. */
  status: number;
  /** Between metadata blocks, for listeners who ask for them; 0: there are none. */
  metaint: number;
  /** Sent beside those that are always there; bytes as Latin-1. */
  headers: Record<string, string>;
  /** What each listener hears first, from a place of its own on: an advertisement. */
  preroll: { readonly program: Program; readonly seconds: number } | null;
}

/** A radio station on loopback that plays a program without end to any number of listeners. */
export interface Radio extends AsyncDisposable {
  readonly origin: string;
  /** Any path is the stream, but for `/listen.pls` and `/listen.m3u`, which point at it. */
  readonly url: (path?: string) => string;
  readonly behaviour: RadioBehaviour;
  /** Goes on with another program, from `fromSeconds` of it on. */
  readonly play: (program: Program, fromSeconds?: number) => void;
  /** As text in UTF-8, or as bytes of whichever charset. */
  readonly title: (title: string | Uint8Array) => void;
  /** Nothing comes for so long; then all at once ('late'), or what is on then ('lost'), or what would have come ('paused'). */
  readonly stall: (ms: number, then?: 'late' | 'lost' | 'paused') => void;
  /** For so long each listener hears another part of `ads`. */
  readonly adBreak: (ads: Program, ms: number) => void;
  /** Resets all connections. */
  readonly reset: () => void;
  /** Nobody is listening on the port for so long. Connections that stand go on. */
  readonly refuse: (ms: number) => Promise<void>;
  /** Heads of the requests, in order. */
  readonly requests: readonly string[];
  readonly listeners: number;
  readonly connected: number;
  /** Of all listeners together. */
  readonly bytesSent: number;
  /** All that was ever on air, without advertisements: what a listener from the beginning heard. */
  readonly aired: () => Buffer;
  readonly close: () => Promise<void>;
}

const SLOW_LISTENER = 4 * 2 ** 20;

export async function startRadio(program: Program, options: RadioOptions = {}): Promise<Radio> {
  const { speed = 1, tickMs = 100 } = options;
  const behaviour: RadioBehaviour = {
    ...{ protocol: 'icecast', burstBytes: 65_536, status: 200, metaint: 16_000, headers: {}, preroll: null },
    ...options.behaviour,
  };
  const air = broadcast(program, { speed, behaviour, now: () => performance.now() });
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let connected = 0;

  const server = createServer((socket) => {
    connected++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read).resume();
      requests.push(text.slice(0, end));
      answer(socket, text.slice(0, end), air, behaviour, `${self.origin}/stream`);
    };
    socket.on('data', read);
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const timer = setInterval(() => air.tick(SLOW_LISTENER), tickMs);

  const close = async (): Promise<void> => {
    clearInterval(timer);
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const self: Radio = {
    origin: `http://127.0.0.1:${port}`,
    url: (path = '/stream') => `http://127.0.0.1:${port}${path}`,
    behaviour,
    ...{ play: air.play, title: air.title, stall: air.stall, adBreak: air.adBreak, aired: air.aired, requests, close },
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    refuse: async (ms) => {
      server.close();
      await sleep(ms);
      await listen(port);
    },
    get listeners() {
      return air.listeners();
    },
    get connected() {
      return connected;
    },
    get bytesSent() {
      return air.bytesSent();
    },
    [Symbol.asyncDispose]: close,
  };
  return self;
}

function answer(socket: Socket, request: string, air: Broadcast, behaviour: RadioBehaviour, stream: string): void {
  const path = /^\S+ (\S+)/.exec(request)?.[1] ?? '/';
  const list = { '/listen.pls': `[playlist]\nNumberOfEntries=1\nFile1=${stream}\n`, '/listen.m3u': `${stream}\n` }[
    path
  ];
  if (behaviour.status !== 200 || list !== undefined) {
    const status = list === undefined ? behaviour.status : 200;
    socket.end(`HTTP/1.0 ${status} X\r\ncontent-type: text/plain\r\n\r\n${list ?? 'no such mount'}`);
    return;
  }
  const { contentType, kbps } = air.program();
  const metaint = /^icy-metadata: *1$/im.test(request) && contentType !== 'application/ogg' ? behaviour.metaint : 0;
  const headers = {
    ...{ 'content-type': contentType, 'icy-br': String(kbps), 'icy-name': 'Test station', 'icy-genre': 'Signals' },
    ...(metaint > 0 && { 'icy-metaint': String(metaint) }),
    ...behaviour.headers,
  };
  const status = behaviour.protocol === 'shoutcast' ? 'ICY 200 OK' : 'HTTP/1.0 200 OK';
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\r\n`);
  socket.write(Buffer.from(`${status}\r\n${lines.join('')}\r\n`, 'latin1'));
  air.join(socket, metaint);
}
