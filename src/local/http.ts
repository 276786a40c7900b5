import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { BatonError } from '../errors.ts';
import { isBroadcast, type Broadcast } from '../relay/broadcast.ts';
import { drained } from '../relay/drained.ts';
import { unlimited, type App, type Reply, type Request } from '../relay/reply.ts';
import type { Milliseconds } from '../units.ts';

/** A listener who takes nothing for this long is let go; a player resumes with a range. */
export const SEND_IDLE_MS: Milliseconds = 120_000;

/**
 * Answers a Node request with `app`. The listener's pace holds the body back, and their leaving aborts it; `stopping`
 * cuts it. A body that fails after its head destroys the connection, so that it cannot be taken for a whole one.
 * Never throws.
 */
export async function answer(
  app: App,
  incoming: IncomingMessage,
  response: ServerResponse,
  stopping: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => {
    gone.abort(new BatonError('CLIENT_GONE'));
  };
  const stop = (): void => {
    gone.abort(new BatonError('STOPPING'));
  };
  response.once('close', leave);
  stopping.addEventListener('abort', stop, { once: true });
  try {
    const reply = await app(toRequest(incoming, gone.signal));
    await send(reply, incoming.method === 'HEAD', response, gone.signal);
  } catch {
    cut(response);
  } finally {
    response.off('close', leave);
    stopping.removeEventListener('abort', stop);
  }
}

/**
 * What was written still goes out; then the connection ends short of what its head promised. Where the head promised
 * nothing, a connection that ends would look like the end, so it is reset.
 */
function cut(response: ServerResponse): void {
  if (!response.headersSent || response.socket === null) response.destroy();
  else if (response.useChunkedEncodingByDefault) response.socket.destroySoon();
  else response.socket.resetAndDestroy();
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(incoming.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return {
    method: incoming.method ?? 'GET',
    path: originForm(incoming.url ?? '/'),
    headers,
    body: incoming,
    signal,
    closing: NEVER,
    limits: { ...unlimited, takesBroadcasts: true },
  };
}

const NEVER = new AbortController().signal;

/** A target may name the server itself (RFC 9112 section 3.2.2); the path is left as it is. */
const originForm = (target: string): string => target.replace(/^https?:\/\/[^/?]*/i, '');

async function send(
  { status, headers, body }: Reply,
  isHead: boolean,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (headers['connection'] === 'close') response.useChunkedEncodingByDefault = false;
    response.writeHead(status, headers);
  } catch (error) {
    if (body !== null && !(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.();
    throw error;
  }
  if (body === null || body instanceof Uint8Array) {
    response.end(isHead ? null : body);
    return;
  }
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, unknown>;
  try {
    for (;;) {
      const next = await pieces.next();
      if (signal.aborted) throw signal.reason;
      if (next.done !== true) {
        if (!response.write(next.value)) await drained(response, signal);
      } else if (isBroadcast(next.value)) return void (await relayBroadcast(next.value, response, signal));
      else break;
    }
  } catch (error) {
    await pieces.return?.();
    throw error;
  }
  response.end();
}

/** Resolves when the broadcast is over; rejects when it breaks, and when the listener leaves. */
function relayBroadcast(broadcast: Broadcast, response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      signal.removeEventListener('abort', gone);
      settle();
    };
    const gone = (): void => {
      void leave();
      finish(() => reject(signal.reason as Error));
    };
    signal.addEventListener('abort', gone, { once: true });
    response.flushHeaders();
    const out = withoutFraming(response);
    const leave = broadcast.attach({
      write: (bytes) => out.write(bytes),
      onDrain: (then) => out.once('drain', then),
      end: (error) => {
        if (error === null) response.end();
        finish(() => (error === null ? resolve() : reject(error)));
      },
    });
    if (signal.aborted) gone();
  });
}

/** Bytes that need no frame around them go to the connection itself, which is cheaper for thousands of listeners. */
const withoutFraming = (response: ServerResponse): ServerResponse | Socket =>
  response.chunkedEncoding ? response : (response.socket ?? response);
