import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { contentRange, parseRange, unsatisfiedRange } from '../net/range.ts';
import type { Bytes } from '../units.ts';
import { listen } from './listen.ts';

/** A running origin with one file. */
export interface DemoOrigin {
  readonly origin: string;
  readonly port: number;
  /** Where the file is. */
  readonly url: string;
  /** Cuts what is being sent. */
  close(): Promise<void>;
}

const PATH = '/a-relay-in-six-legs.mp3';
const HOST = '127.0.0.1';

/**
 * Serves the MP3 `file` on loopback as a well-behaved origin does: ranges, a strong ETag, Last-Modified, HEAD. On
 * `port` when that is free (links name it, so it should stay the same), else on any.
 */
export async function startDemoOrigin(file: string, port = 0): Promise<DemoOrigin> {
  const { size, mtime } = await stat(file);
  const etag = `"${createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 32)}"`;
  const served: Served = { file, size, etag, modified: mtime.toUTCString() };
  const server = createServer((request, response) => void serve(served, request, response));
  const actual = await listen(server, HOST, port).catch(() => listen(server, HOST, 0));
  const origin = `http://${HOST}:${actual}`;
  return { origin, port: actual, url: origin + PATH, close: () => close(server) };
}

interface Served {
  readonly file: string;
  readonly size: Bytes;
  readonly etag: string;
  readonly modified: string;
}

async function serve({ file, size, etag, modified }: Served, request: IncomingMessage, response: ServerResponse) {
  const { method, headers, url } = request;
  if (url !== PATH) return void response.writeHead(404).end();
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
