import { once } from 'node:events';
import type { Socket } from 'node:net';
import { BatonError, toBatonError } from '../errors.ts';
import type { Publishing } from '../ingest/publishing.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { refuse } from './raw-answer.ts';
import { publishSource } from './source-stream.ts';

/**
 * Connections of studio software that sends a stream behind a request without a length, as Icecast takes it: `SOURCE`, or
 * `PUT` in the way of libshout and ffmpeg. Others have a length, or chunks.
 */
export interface SourceClients {
  /** Whether a connection is one, by its first bytes. Null: not all is there that tells, as some send line by line. */
  isOne(first: Buffer): boolean | null;
  /** Serves one to its end; never throws. */
  serve(socket: Socket): Promise<void>;
}

/** Those whose mounts are below `basePath`. */
export const sourceClients = (publishing: Publishing, basePath: string): SourceClients => ({
  isOne: (first) => isOne(first, `SOURCE ${basePath}/ingest/`, `PUT ${basePath}/ingest/`),
  serve: (socket) => serve(socket, publishing, basePath),
});

function isOne(first: Buffer, source: string, put: string): boolean | null {
  const text = first.toString('latin1', 0, MOST_HEAD);
  if (text.startsWith(source)) return true;
  if (!text.startsWith(put)) return source.startsWith(text) || put.startsWith(text) ? null : false;
  const end = text.indexOf('\r\n\r\n');
  if (end < 0 && first.length < MOST_HEAD) return null;
  return !/\r\n(?:transfer-encoding|content-length):/i.test(end < 0 ? text : text.slice(0, end));
}

const MOST_HEAD: Bytes = 16 * 1024;
const HEAD_MS: Milliseconds = 10_000;
/** Who was refused has so long to read why. */
const GOODBYE_MS: Milliseconds = 2_000;

async function serve(socket: Socket, publishing: Publishing, basePath: string): Promise<void> {
  socket.on('error', () => undefined);
  const bytes = socket.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer, undefined>;
  const late = setTimeout(() => socket.destroy(), HEAD_MS);
  try {
    const { head, rest } = await readHead(bytes);
    clearTimeout(late);
    const { method, target, headers } = parseHead(head);
    const publication = await publishSource(publishing, target.slice(basePath.length), headers, new Date());
    const isAwaited = headers['expect']?.toLowerCase() === '100-continue';
    socket.write(isAwaited ? CONTINUE : method === 'SOURCE' ? OLD_OK : OK);
    await publication.send(following(rest, bytes));
    if (isAwaited) socket.write(OK);
    socket.end();
  } catch (thrown) {
    clearTimeout(late);
    if (!socket.writable) return;
    refuse(socket, toBatonError(thrown));
    socket.resume();
    await once(socket, 'close', { signal: AbortSignal.timeout(GOODBYE_MS) }).catch(() => undefined);
  } finally {
    clearTimeout(late);
    socket.destroySoon();
  }
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n';
const OLD_OK = 'HTTP/1.0 200 OK\r\n\r\n';

async function readHead(bytes: AsyncIterator<Buffer, undefined>): Promise<{ head: string; rest: Buffer }> {
  let all = Buffer.alloc(0);
  for (;;) {
    const end = all.indexOf('\r\n\r\n');
    if (end >= 0) return { head: all.toString('latin1', 0, end), rest: all.subarray(end + 4) };
    if (all.length > MOST_HEAD) throw new BatonError('INGEST_INVALID', 'a request without an end');
    const next = await bytes.next();
    if (next.done === true) throw new BatonError('CLIENT_GONE');
    all = Buffer.concat([all, next.value]);
  }
}

interface Head {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

function parseHead(head: string): Head {
  const [first = '', ...lines] = head.split('\r\n');
  const [, method = '', target = ''] = /^([A-Z]+) (\S+) (?:HTTP|ICE)\/\d\.\d$/.exec(first) ?? [];
  if (method === '') throw new BatonError('INGEST_INVALID', 'no request');
  const headers = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const [, name, value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name !== undefined) headers[name.toLowerCase()] = value;
  }
  return { method, target, headers };
}

async function* following(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  if (first.length > 0) yield first;
  yield* rest;
}
