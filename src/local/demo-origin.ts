import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { contentRange, parseRange, unsatisfiedRange } from '../net/range.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { demoFeed } from './demo-feed.ts';
import type { DemoEpisode } from './demo-episode.ts';
import { demoRadio } from './demo-radio.ts';
import { listen } from './listen.ts';

/** A running origin with one file, a feed that lists it, and a station that plays it. */
export interface DemoOrigin {
  readonly origin: string;
  readonly port: number;
  /** Where the file is. */
  readonly url: string;
  readonly feedUrl: string;
  readonly radioUrl: string;
  /** Cuts every connection, and answers nobody for so long. */
  fail(ms: Milliseconds): void;
  /** Cuts what is being sent. */
  close(): Promise<void>;
}

const PATH = '/a-relay-in-six-legs.mp3';
const FEED_PATH = '/feed.xml';
const RADIO_PATH = '/radio';
const HOST = '127.0.0.1';

/**
 * Serves the episode on loopback as a well-behaved origin does: ranges, a strong ETag, Last-Modified, HEAD. On
 * `port` when that is free (links name it, so it should stay the same), else on any.
 */
export async function startDemoOrigin(episode: DemoEpisode, port = 0): Promise<DemoOrigin> {
  const { file } = episode;
  const { size, mtime } = await stat(file);
  const etag = `"${createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 32)}"`;
  const served: Served = { file, size, etag, modified: mtime.toUTCString() };
  const radio = await demoRadio(episode);
  let downUntil = 0;
  const server = createServer((request, response) => {
    if (performance.now() < downUntil) request.destroy();
    else if (request.url === FEED_PATH) sendFeed(demoFeed(episode, url), request, response);
    else if (request.url === RADIO_PATH) radio.answer(request, response);
    else void serve(served, request, response);
  });
  const actual = await listen(server, HOST, port).catch(() => listen(server, HOST, 0));
  const origin = `http://${HOST}:${actual}`;
  const url = origin + PATH;
  const fail = (ms: Milliseconds): void => {
    downUntil = performance.now() + ms;
    server.closeAllConnections();
  };
  const [feedUrl, radioUrl] = [origin + FEED_PATH, origin + RADIO_PATH];
  return { origin, port: actual, url, feedUrl, radioUrl, fail, close: () => close(server) };
}

function sendFeed(feed: string, { method, headers }: IncomingMessage, response: ServerResponse): void {
  const etag = `"${createHash('sha256').update(feed).digest('hex').slice(0, 32)}"`;
  if (headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
  const length = String(Buffer.byteLength(feed));
  response.writeHead(200, { 'content-type': 'application/rss+xml; charset=utf-8', 'content-length': length, etag });
  response.end(method === 'HEAD' ? null : feed);
}

interface Served {
  readonly file: string;
  readonly size: Bytes;
  readonly etag: string;
  readonly modified: string;
}

async function serve({ file, size, etag, modified }: Served, request: IncomingMessage, response: ServerResponse) {
  const { method, headers, url } = request;
  if (url?.split('?', 1)[0] !== PATH) return void response.writeHead(404).end();
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
  const validators = { etag, 'last-modified': modified, 'accept-ranges': 'bytes' };
  if (headers['if-none-match'] === etag) return void response.writeHead(304, validators).end();
  const condition = headers['if-range'];
  const isPart = method === 'GET' && (condition === undefined || condition === etag || condition === modified);
  const asked = parseRange(isPart ? headers.range : undefined, size);
  if (asked.kind === 'unsatisfiable') {
    response.writeHead(416, { ...validators, 'content-range': unsatisfiedRange(size) }).end();
    return;
  }
  const { start, end } = asked.kind === 'part' ? asked.range : { start: 0, end: size };
  response.writeHead(asked.kind === 'part' ? 206 : 200, {
    ...validators,
    'content-type': 'audio/mpeg',
    'content-length': String(end - start),
    ...(asked.kind === 'part' ? { 'content-range': contentRange({ start, end }, size) } : {}),
  });
  if (method === 'HEAD') return void response.end();
  // Node's file streams end inclusively. A reader who leaves is no failure.
  await pipeline(createReadStream(file, { start, end: end - 1 }), response).catch(() => response.destroy());
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
