import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Behaviour, Origin, Seen } from './origin.ts';

/** Answers one request the way `origin` behaves at the moment. Rejects when `signal` stops it or the client is gone. */
export async function answer(
  origin: Origin,
  seen: Seen,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const how = { ...origin.behaviour };
  await sleep((how.latencyMs ?? 0) * (handshaken.has(request.socket) ? 1 : 2), undefined, { signal });
  handshaken.add(request.socket);
  const content = typeof origin.content === 'function' ? origin.content(seen) : origin.content;
  const location = how.redirect?.(seen) ?? null;
  const status = refusal(how, request);
  const reply =
    location !== null
      ? { status: 302, headers: { location }, body: NOTHING }
      : status !== null
        ? { status, headers: { 'content-type': 'text/plain' }, body: Buffer.from(`Status ${status}\n`) }
        : contentReply(request.headers, content, how);
  if (how.hangUp) request.socket.destroy();
  else await send(seen, response, reply, how, signal);
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

const NOTHING = new Uint8Array();
const handshaken = new WeakSet<Socket>();

function refusal({ failFirst, status, head }: Behaviour, request: IncomingMessage): number | null {
  if (failFirst && failFirst.times > 0) {
    failFirst.times--;
    return failFirst.status;
  }
  if (request.method === 'HEAD' && head === 'refused') return 405;
  return status ?? null;
}

function contentReply(asked: IncomingMessage['headers'], content: Uint8Array, how: Behaviour): Reply {
  const etag =
    how.etag === undefined || how.etag === 'strong' || how.etag === 'weak' ? tagOf(content, how.etag) : how.etag;
  const lastModified = how.lastModified === undefined ? 'Mon, 02 Nov 2026 10:00:00 GMT' : how.lastModified;
  const headers: Record<string, string> = {
    'content-type': how.contentType ?? 'audio/mpeg',
    ...(etag !== null && { etag }),
    ...(lastModified !== null && { 'last-modified': lastModified }),
    ...(how.range !== 'ignored' && { 'accept-ranges': 'bytes' }),
    ...how.headers,
  };
  if (etag !== null && asked['if-none-match']?.replace('W/', '') === etag.replace('W/', ''))
    return { status: 304, headers, body: NOTHING };
  const ifRange = asked['if-range'];
  const current = ifRange === undefined || (ifRange === etag && !etag.startsWith('W/')) || ifRange === lastModified;
  const range = /^bytes=(\d*)-(\d*)$/.exec(asked.range ?? '');
  if (range && current && how.range !== 'ignored' && !how.endless)
    return rangeReply(halfOpen(range, content.length), content, headers, how.range === 'shifted');
  if (!how.gzip) return { status: 200, headers, body: content };
  return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipSync(content, { level: 1 }) };
}

function rangeReply(
  { start, end }: { start: number; end: number },
  content: Uint8Array,
  headers: Record<string, string>,
  shifted: boolean,
): Reply {
  const size = content.length;
  if (start >= end) return { status: 416, headers: { 'content-range': `bytes */${size}` }, body: NOTHING };
  const shift = shifted ? Math.min(1000, size - end) : 0;
  const range = `bytes ${start + shift}-${end + shift - 1}/${size}`;
  const body = content.subarray(start + shift, end + shift);
  return { status: 206, headers: { ...headers, 'content-range': range }, body };
}

function halfOpen([, first = '', last = '']: readonly string[], size: number) {
  if (first === '') return { start: Math.max(0, size - Number(last)), end: size };
  return { start: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) };
}

async function send(seen: Seen, response: ServerResponse, reply: Reply, how: Behaviour, signal: AbortSignal) {
  const { status, body } = reply;
  const { socket } = response;
  if (!socket) return;
  const lie = typeof how.length === 'number' ? how.length : 0;
  const measured = status !== 304 && how.length !== false && !how.endless;
  // A head that drips, and bytes past the stated length, must pass by Node's framing.
  const raw = lie < 0 || how.dripHeadMs !== undefined;
  const headers = {
    ...reply.headers,
    ...(measured && { 'content-length': String(Math.max(0, body.length + lie)) }),
    ...((raw || lie > 0) && { connection: 'close' }),
  };
  seen.status = status;
  if (raw) await dripHead(socket, status, headers, how.dripHeadMs ?? 0, signal);
  else response.writeHead(status, headers).flushHeaders();
  const whole =
    seen.method === 'HEAD' || status === 304 || (await sendBody(seen, raw ? socket : response, body, how, signal));
  if (!whole || lie > 0) await breakOff(socket, how, signal);
  else if (!raw) response.end();
  else {
    seen.state = 'done';
    socket.end();
  }
}

/** Gives false when the behaviour says that the body breaks off. */
async function sendBody(
  seen: Seen,
  out: Socket | ServerResponse,
  body: Uint8Array,
  how: Behaviour,
  signal: AbortSignal,
): Promise<boolean> {
  const breakAt = Math.min(how.stallAfter ?? Infinity, how.dieAfter?.bytes ?? Infinity);
  const began = performance.now();
  for (const piece of pieces(body, how)) {
    const part = piece.subarray(0, breakAt - seen.bytesSent);
    seen.bytesSent += part.length;
    if (!out.write(part)) await once(out, 'drain', { signal });
    if (seen.bytesSent >= breakAt) return false;
    const due = began + (seen.bytesSent / (how.bytesPerSecond ?? Infinity)) * 1000;
    const pauseMs = due - performance.now();
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal });
  }
  return true;
}

function* pieces(body: Uint8Array, { bytesPerSecond = Infinity, endless = false }: Behaviour): Generator<Uint8Array> {
  const size = Math.max(1, Math.min(65536, Math.floor(bytesPerSecond / 100)));
  do for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
  while (endless && body.length > 0);
}

async function breakOff(socket: Socket, { stallAfter, dieAfter }: Behaviour, signal: AbortSignal) {
  if (stallAfter !== undefined && stallAfter <= (dieAfter?.bytes ?? Infinity)) await once(signal, 'abort');
  // The bytes before the break shall arrive, and a reset throws away what the kernel still holds.
  await sleep(20, undefined, { signal });
  if (dieAfter?.how === 'reset') socket.resetAndDestroy();
  else socket.end();
}

async function dripHead(
  socket: Socket,
  status: number,
  headers: Record<string, string>,
  everyMs: number,
  signal: AbortSignal,
) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} Raw\r\n${lines.join('')}\r\n`;
  for (const piece of everyMs === 0 ? [head] : head) {
    if (socket.destroyed) return;
    socket.write(piece);
    await sleep(everyMs, undefined, { signal });
  }
}

const tags = new WeakMap<Uint8Array, string>();

function tagOf(content: Uint8Array, strength: 'strong' | 'weak' = 'strong'): string {
  const tag = tags.get(content) ?? createHash('sha1').update(content).digest('hex').slice(0, 16);
  tags.set(content, tag);
  return strength === 'weak' ? `W/"${tag}"` : `"${tag}"`;
}
