import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { answer } from './origin-answer.ts';

/** How the origin answers. Every field may be changed while it runs; it counts from the next request on. */
export interface Behaviour {
  /** Answers with this status and a short text instead of the content. */
  status?: number;
  /** The first `times` requests are answered with `status`; each takes one off. */
  failFirst?: { times: number; status: number };
  /** The address to send a request to (302), or null to answer it. See `trackers`. */
  redirect?: (request: Seen) => string | null;

  /** 'honoured' (default); 'ignored': always 200; 'shifted': a 206 of a range that begins 1000 bytes later than asked. */
  range?: 'honoured' | 'ignored' | 'shifted';
  /** false: chunked. A number is added to the true length: above 0 the body ends early, below 0 it goes on after its end. */
  length?: boolean | number;
  /** 'strong' (default) and 'weak' follow the content; a text is sent as it is. */
  etag?: string | null;
  lastModified?: string | null;
  contentType?: string;
  /** Gzips the body although nobody asked for it. */
  gzip?: boolean;
  head?: 'answered' | 'refused';
  headers?: Record<string, string>;
  /** After the content comes the content again, without end and without length. */
  endless?: boolean;

  /** Wait before each head, and once more on a new connection (its handshake). */
  latencyMs?: number;
  /** For each response by itself. */
  bytesPerSecond?: number;
  /** Sends the head of the response one byte at a time, this far apart. */
  dripHeadMs?: number;
  /** Ends the connection instead of answering. */
  hangUp?: boolean;
  /** After this many bytes of a body nothing more comes. */
  stallAfter?: number;
  /** After this many bytes of a body the connection ends, by reset or with an orderly close. */
  dieAfter?: { bytes: number; how: 'reset' | 'close' };
}

export interface Seen {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  readonly range: string | null;
  readonly headers: IncomingMessage['headers'];
  /** Milliseconds since the origin started. */
  readonly at: number;
  /** 0 until a head was sent. */
  status: number;
  /** Body bytes handed to the kernel, which may hold some hundred kilobytes more than the client has read. */
  bytesSent: number;
  /** 'open' until all was sent that should be ('done') or the connection ended before that ('cut'). */
  state: 'open' | 'done' | 'cut';
}

export type Content = Uint8Array | ((request: Seen) => Uint8Array);

export interface Origin extends AsyncDisposable {
  /** 'http://127.0.0.1:<port>', as an allow-list wants it. */
  readonly origin: string;
  readonly port: number;
  readonly url: (path?: string) => string;
  /** May be replaced while running: responses under way go on with the old bytes, the ETag follows. */
  content: Content;
  behaviour: Behaviour;
  readonly seen: readonly Seen[];
  readonly bytesSent: number;
  /** Connections open now. */
  readonly connections: number;
  /** Connections ever opened. */
  readonly connected: number;
  readonly close: () => Promise<void>;
}

/** A real HTTP server on loopback that gives `content` at every path, and misbehaves on request. */
export async function startOrigin(content: Content, behaviour: Behaviour = {}): Promise<Origin> {
  const sockets = new Set<Socket>();
  const stopped = new AbortController();
  const began = performance.now();
  const seen: Seen[] = [];
  let connected = 0;

  const server = createServer((request, response) => {
    const entry = entryOf(request, performance.now() - began);
    seen.push(entry);
    response.once('finish', () => (entry.state = 'done'));
    response.once('close', () => (entry.state = entry.state === 'done' ? 'done' : 'cut'));
    // Whatever breaks here is a connection that ended, by them or by us on purpose.
    answer(self, entry, request, response, stopped.signal).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    connected++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const close = async () => {
    stopped.abort();
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const self: Origin = {
    origin: `http://127.0.0.1:${port}`,
    port,
    url: (path = '/episode.mp3') => `http://127.0.0.1:${port}${path}`,
    content,
    behaviour,
    seen,
    get bytesSent() {
      return seen.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    },
    get connections() {
      return sockets.size;
    },
    get connected() {
      return connected;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return self;
}

/**
 * A chain of trackers: /hop/1 -> /hop/2 ... -> `last`. With `unique` each walk ends at another address, `last`?play=n,
 * as advertising servers do.
 */
export function trackers(
  hops: number,
  last = '/episode.mp3',
  { unique = false } = {},
): (request: Seen) => string | null {
  let plays = 0;
  return ({ url }) => {
    const hop = /^\/hop\/(\d+)$/.exec(url)?.[1];
    if (hop === undefined) return null;
    if (Number(hop) < hops) return `/hop/${Number(hop) + 1}`;
    return unique ? `${last}?play=${++plays}` : last;
  };
}

const entryOf = ({ method = '', url = '', headers }: IncomingMessage, at: number): Seen => ({
  ...{ method, url, headers, at, range: headers.range ?? null },
  ...{ status: 0, bytesSent: 0, state: 'open' },
});
