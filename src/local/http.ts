import type { IncomingMessage, ServerResponse } from 'node:http';
import { BatonError } from '../errors.ts';
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

/** What was written still goes out; then the connection ends short of what its head promised. */
function cut(response: ServerResponse): void {
  if (response.headersSent && response.socket !== null) response.socket.destroySoon();
  else response.destroy();
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
    limits: unlimited,
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
    response.writeHead(status, headers);
  } catch (error) {
    if (body !== null && !(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.();
    throw error;
  }
  if (body === null || body instanceof Uint8Array) {
    response.end(isHead ? null : body);
    return;
  }
  for await (const bytes of body) {
    if (signal.aborted) throw signal.reason;
    if (!response.write(bytes)) await drained(response, signal);
  }
  response.end();
}
