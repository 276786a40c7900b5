import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an address gives, or what answers for it; null: nothing is there. */
export type Place = string | Uint8Array | ((url: URL, request: IncomingMessage) => Answered | Promise<Answered>);

/** An answer in full. */
export interface Answered {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A real HTTP server on loopback with playlists and segments. */
export interface HlsOrigin extends AsyncDisposable {
  readonly origin: string;
  readonly url: (path: string) => string;
  /** By path, without the query. */
  readonly places: Map<string, Place>;
  /** `method path?query range`, or `-` for none. */
  readonly seen: string[];
}

export async function startHlsOrigin(
  places: Readonly<Record<string, Place>> = {},
  how: { readonly ranges?: boolean } = {},
): Promise<HlsOrigin> {
  const server = createServer((request, response) => {
    self.seen.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.range?.slice(6) ?? '-'}`);
    answer(self.places, how.ranges ?? true, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const self: HlsOrigin = {
    origin,
    url: (path) => origin + path,
    places: new Map(Object.entries(places)),
    seen: [],
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return self;
}

const TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  ts: 'video/mp2t',
  mp4: 'video/mp4',
  m4s: 'video/iso.segment',
  html: 'text/html',
  vtt: 'text/vtt',
};

async function answer(
  places: HlsOrigin['places'],
  hasRanges: boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '', 'http://origin.test');
  const place = places.get(url.pathname);
  if (place === undefined) return void response.writeHead(404).end();
  const found = typeof place === 'function' ? await place(url, request) : { body: place };
  const { status = 200, headers = {}, body = '' } = found;
  const bytes = Buffer.from(body as string);
  const extension = /\.(\w+)$/.exec(url.pathname)?.[1] ?? '';
  const all = {
    'access-control-allow-origin': '*',
    'content-type': TYPES[extension] ?? 'application/octet-stream',
    ...headers,
  };
  const [, first = '', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const isPart = first !== '' && hasRanges && status === 200;
  const start = isPart ? Number(first) : 0;
  const end = isPart && last !== '' ? Math.min(bytes.length, Number(last) + 1) : bytes.length;
  if (isPart && start >= bytes.length)
    return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
  response.writeHead(isPart ? 206 : status, {
    ...all,
    'content-length': end - start,
    ...(isPart && { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes.subarray(start, end));
}
