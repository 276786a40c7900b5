import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { EdgeRequest } from './event.ts';
import { isHopByHop, VIA } from './reply.ts';
import type { Behaviour } from './spec.ts';

/** The origin took longer than OriginReadTimeout for its next bytes. */
export class OriginTimeout extends Error {
  override readonly name = 'OriginTimeout';
}

/** How the edge asks the origin. */
export interface OriginAsk {
  /** Address of the function URL. */
  readonly url: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The origin's answer, once its head is there. Throws OriginTimeout, or what the socket says. */
export function askOrigin({
  url,
  method,
  path,
  headers,
  body,
  timeoutMs,
  signal,
}: OriginAsk): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, path, headers, signal, agent: false });
    const timer = setTimeout(() => request.destroy(new OriginTimeout()), timeoutMs);
    request.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.once('response', (message) => {
      clearTimeout(timer);
      request.on('error', () => undefined); // from now on the body tells
      resolve(message);
    });
    request.end(body);
  });
}

/** The body as it comes. Throws OriginTimeout for a gap, and when the body breaks off; leaving it ends the connection. */
export async function* bodyOf(message: IncomingMessage, timeoutMs: number): AsyncGenerator<Buffer> {
  const parts = message[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const timer = setTimeout(() => message.destroy(new OriginTimeout()), timeoutMs);
      const next = await parts.next().finally(() => clearTimeout(timer));
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    message.destroy();
  }
}

const CONDITIONAL = ['range', 'if-range', 'if-none-match', 'if-modified-since'] as const;

/** The headers that reach the origin: few by themselves, more by policy, and a signature as of origin access control. */
export function originHeaders(
  { method, headers }: EdgeRequest,
  { cacheHeaders = [], forwardHeaders = [] }: Behaviour,
  { host, viewerIp, body }: { readonly host: string; readonly viewerIp: string; readonly body: Buffer },
): Record<string, string> {
  const own = method === 'GET' || method === 'HEAD' ? CONDITIONAL : ['content-type', 'x-amz-content-sha256'];
  const names = forwardHeaders === 'all' ? Object.keys(headers) : [...own, ...cacheHeaders, ...forwardHeaders];
  const sent: Record<string, string> = { 'user-agent': 'Amazon CloudFront' };
  for (const name of names.map((text) => text.toLowerCase())) {
    const value = headers[name];
    if (value !== undefined && !isHopByHop(name) && name !== 'content-length') sent[name] = value;
  }
  const before = headers['x-forwarded-for'];
  return {
    ...sent,
    host,
    via: VIA,
    'x-forwarded-for': before === undefined ? viewerIp : `${before}, ${viewerIp}`,
    ...(body.length > 0 && { 'content-length': String(body.length) }),
    ...signature(host),
  };
}

/** Has the form of Signature Version 4 and nothing more: no key is at hand, and the local function URL checks the form. */
function signature(host: string): Record<string, string> {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `AKIALOCALCLOUDFRONT/${date.slice(0, 8)}/us-east-1/lambda/aws4_request`;
  const mark = createHash('sha256').update(`${host}${date}`).digest('hex');
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${mark}`,
    'x-amz-date': date,
  };
}
