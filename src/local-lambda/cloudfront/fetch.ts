import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EdgeCache, Kept } from './cache.ts';
import { keptSeconds, type KeepingPolicy } from './freshness.ts';
import { bodyOf, OriginTimeout } from './origin.ts';
import { edgeError, edgeHeaders, isHopByHop, sendReply } from './reply.ts';
import { cut, sendBytes } from '../http/send.ts';

/** Where a response goes besides to the viewer. */
export interface Keeping {
  readonly cache: EdgeCache;
  readonly object: string;
  readonly part: string;
  readonly policy: KeepingPolicy;
}

/**
 * Passes the origin's answer on to the viewer as it comes, and keeps it when it may be kept and is whole. When the viewer
 * leaves, the answer is read to its end only if it is to be kept. Gives what X-Cache said.
 */
export async function passOn(
  message: IncomingMessage,
  response: ServerResponse,
  keeping: Keeping | null,
  timeoutMs: number,
): Promise<string> {
  const status = message.statusCode ?? 502;
  const headers = endToEnd(message);
  const xCache = `${status >= 400 ? 'Error' : 'Miss'} from cloudfront`;
  const seconds = keeping === null ? 0 : keptSeconds(status, headers, keeping.policy);
  if (!response.destroyed) {
    response.writeHead(status, { ...headers, ...edgeHeaders(xCache) });
    response.flushHeaders();
  }
  let parts: Buffer[] | null = seconds > 0 ? [] : null;
  let size = 0;
  try {
    for await (const bytes of bodyOf(message, timeoutMs)) {
      size += bytes.length;
      if (parts !== null && size > (keeping?.cache.objectBytes ?? 0)) parts = null;
      parts?.push(bytes);
      const isThere = await sendBytes(response, bytes);
      if (!isThere && parts === null) return xCache;
    }
  } catch {
    cut(response);
    return `${xCache} (cut)`;
  }
  response.end();
  if (keeping !== null && parts !== null)
    keep(keeping, { status, headers, body: Buffer.concat(parts), ...lifetime(seconds) });
  return xCache;
}

/** Answers for an origin that has no answer, and remembers that for a while. */
export function originFailed(error: unknown, response: ServerResponse, keeping: Keeping | null): string {
  const reply = edgeError(error instanceof OriginTimeout ? 504 : 502);
  const { status, headers, body } = reply;
  if (keeping !== null) keep(keeping, { status, headers, body, ...lifetime(keptSeconds(status, {}, keeping.policy)) });
  sendReply(response, reply, false);
  return reply.xCache;
}

/** The kept response that the origin said is still good, good for as long as the origin says now. */
export function refreshed(kept: Kept, message: IncomingMessage, policy: KeepingPolicy): Kept {
  message.resume();
  const headers = { ...kept.headers, ...endToEnd(message) };
  return { ...kept, headers, ...lifetime(keptSeconds(kept.status, headers, policy)) };
}

const keep = ({ cache, object, part }: Keeping, kept: Kept): void => cache.set(object, part, kept);

const lifetime = (seconds: number): { readonly storedAt: number; readonly freshUntil: number } => {
  const now = Date.now();
  return { storedAt: now, freshUntil: now + seconds * 1000 };
};

function endToEnd(message: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(message.headers))
    if (value !== undefined && !isHopByHop(name)) headers[name] = value;
  return headers;
}
