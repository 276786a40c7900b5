import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const WORD = 4;
const PIECE = 2 ** 18;

/** Bytes that tell their own place, of a file of any size that nobody keeps. Another `version` has other bytes. */
export function madeBytes(start: number, end: number, version = 1): Buffer {
  const first = Math.floor(start / WORD);
  const words = new Uint32Array(Math.ceil(end / WORD) - first);
  for (let i = 0; i < words.length; i++) {
    const mixed = Math.imul((first + i) ^ ((first + i) >>> 15), 0x2c1b3c6d ^ version);
    words[i] = mixed ^ (mixed >>> 13);
  }
  return Buffer.from(words.buffer).subarray(start - first * WORD, end - first * WORD);
}

/** How the origin answers from the next request on. */
export interface Making {
  size: number;
  version?: number;
  /** Null: none. Unless given, one that names the version. */
  etag?: string | null;
  lastModified?: string | null;
  type?: string | null;
  ranges?: boolean;
  /** No Content-Length. */
  chunked?: boolean;
  headers?: Readonly<Record<string, string>>;
  status?: number;
  redirect?: (path: string) => string | null;
  /** A path that is not there. */
  missing?: string;
  /** Places at which a connection is reset, each of them once. */
  resets?: number[];
}

export interface MadeOrigin extends AsyncDisposable {
  readonly origin: string;
  readonly url: (path?: string) => string;
  making: Making;
  /** `method path range`, or `-` for none. */
  readonly seen: string[];
}

/** A real HTTP server on loopback that makes what it sends. */
export async function startMadeOrigin(making: Making): Promise<MadeOrigin> {
  const server = createServer((request, response) => {
    self.seen.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.range?.slice(6) ?? '-'}`);
    send(self.making, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const self: MadeOrigin = {
    origin: `http://127.0.0.1:${port}`,
    url: (path = '/large.bin') => `http://127.0.0.1:${port}${path}`,
    making,
    seen: [],
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return self;
}

async function send(how: Making, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { size, version = 1, ranges = true, resets = [] } = how;
  const location = how.redirect?.(request.url ?? '') ?? null;
  if (location !== null) return void response.writeHead(302, { location }).end();
  if (request.url === how.missing) return void response.writeHead(404).end();
  if (how.status !== undefined) return void response.writeHead(how.status).end();
  const etag = how.etag === undefined ? `"v${version}"` : how.etag;
  const modified = how.lastModified === undefined ? 'Mon, 02 Nov 2026 10:00:00 GMT' : how.lastModified;
  const type = how.type === undefined ? 'application/zip' : how.type;
  const headers = {
    ...(type !== null && { 'content-type': type }),
    ...(etag !== null && { etag }),
    ...(modified !== null && { 'last-modified': modified }),
    ...how.headers,
  };
  const asked = ranges ? rangeOf(request, size, [etag, modified]) : null;
  if (asked !== null && asked.start >= asked.end)
    return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
  const { start, end } = asked ?? { start: 0, end: size };
  response.writeHead(asked === null ? 200 : 206, {
    ...headers,
    ...(how.chunked !== true && { 'content-length': end - start }),
    ...(asked !== null && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  });
  if (request.method === 'HEAD') return void response.end();
  for (let at = start; at < end;) {
    const reset = resets.find((place) => place > at && place <= at + PIECE && place < end) ?? null;
    const stop = reset ?? Math.min(end, at + PIECE);
    if (!response.write(madeBytes(at, stop, version))) await once(response, 'drain');
    at = stop;
    if (reset === null) continue;
    resets.splice(resets.indexOf(reset), 1);
    await sleep(20); // a reset throws away what the kernel still holds
    request.socket.resetAndDestroy();
    return;
  }
  response.end();
}

function rangeOf({ headers }: IncomingMessage, size: number, validators: readonly (string | null)[]) {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (first === '' && last === '') return null;
  const condition = headers['if-range'];
  if (condition !== undefined && !validators.some((one) => one === condition)) return null;
  if (first === '') return { start: Math.max(0, size - Number(last)), end: size };
  return { start: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) };
}

/** What came of a made file, compared on its way. */
export interface Compared {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: number;
  /** False when the body broke off. */
  readonly complete: boolean;
  /** The first place that differs; null: none. */
  readonly wrongAt: number | null;
}

/** Asks `url` and compares what comes with the made file from `start` on, keeping nothing. */
export async function compare(
  url: string,
  start = 0,
  headers: Readonly<Record<string, string>> = {},
  version = 1,
): Promise<Compared> {
  const request = httpRequest(url, { agent: false, headers });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => undefined);
  let bytes = 0;
  let wrongAt: number | null = null;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      const right = madeBytes(start + bytes, start + bytes + piece.length, version);
      if (wrongAt === null && !piece.equals(right)) wrongAt = start + bytes;
      bytes += piece.length;
    }
  } catch {
    // `complete` says it
  }
  return { status: response.statusCode ?? 0, headers: response.headers, bytes, complete: response.complete, wrongAt };
}
