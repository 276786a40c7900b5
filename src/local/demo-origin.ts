import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Milliseconds } from '../units.ts';
import { demoFeed } from './demo-feed.ts';
import type { DemoEpisode } from './demo-episode.ts';
import type { DemoFilm } from './demo-film.ts';
import { demoRadio } from './demo-radio.ts';
import { listen } from './listen.ts';
import { servedFile } from './served-file.ts';

/** A running origin with an episode, a feed that lists it, a station that plays it, and a film. */
export interface DemoOrigin {
  readonly origin: string;
  readonly port: number;
  /** Where the episode is. */
  readonly url: string;
  /** Null where there is none. */
  readonly filmUrl: string | null;
  readonly feedUrl: string;
  readonly radioUrl: string;
  /** Cuts every connection, and answers nobody for so long. */
  fail(ms: Milliseconds): void;
  /** Cuts what is being sent. */
  close(): Promise<void>;
}

const PATH = '/a-relay-in-six-legs.mp3';
const FILM_PATH = '/one-minute-by-the-clock.mp4';
const FEED_PATH = '/feed.xml';
const RADIO_PATH = '/radio';
const HOST = '127.0.0.1';

/**
 * Serves the episode and the film on loopback as a well-behaved origin does: ranges, a strong ETag, Last-Modified, HEAD.
 * On `port` when that is free (links name it, so it should stay the same), else on any.
 */
export async function startDemoOrigin(
  episode: DemoEpisode,
  port = 0,
  film: DemoFilm | null = null,
): Promise<DemoOrigin> {
  const files = new Map([[PATH, await servedFile(episode.file, 'audio/mpeg')]]);
  if (film !== null) files.set(FILM_PATH, await servedFile(film.file, 'video/mp4'));
  const radio = await demoRadio(episode);
  let downUntil = 0;
  const server = createServer((request, response) => {
    if (performance.now() < downUntil) request.destroy();
    else if (request.url === FEED_PATH) sendFeed(demoFeed(episode, url), request, response);
    else if (request.url === RADIO_PATH) radio.answer(request, response);
    else void (files.get(request.url?.split('?', 1)[0] ?? '') ?? missing)(request, response);
  });
  const actual = await listen(server, HOST, port).catch(() => listen(server, HOST, 0));
  const origin = `http://${HOST}:${actual}`;
  const url = origin + PATH;
  const fail = (ms: Milliseconds): void => {
    downUntil = performance.now() + ms;
    server.closeAllConnections();
  };
  const [feedUrl, radioUrl] = [origin + FEED_PATH, origin + RADIO_PATH];
  const filmUrl = film === null ? null : origin + FILM_PATH;
  return { origin, port: actual, url, filmUrl, feedUrl, radioUrl, fail, close: () => close(server) };
}

const missing = (_: IncomingMessage, response: ServerResponse): void => void response.writeHead(404).end();

function sendFeed(feed: string, { method, headers }: IncomingMessage, response: ServerResponse): void {
  const etag = `"${createHash('sha256').update(feed).digest('hex').slice(0, 32)}"`;
  if (headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
  const length = String(Buffer.byteLength(feed));
  response.writeHead(200, { 'content-type': 'application/rss+xml; charset=utf-8', 'content-length': length, etag });
  response.end(method === 'HEAD' ? null : feed);
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
