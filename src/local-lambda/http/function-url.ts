import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { urlEvent } from './function-url-event.ts';
import { sendFailure } from './function-url-failure.ts';
import { replyBuffered, replyStreamed, type ReplyContext } from './function-url-reply.ts';
import type { LocalFunction } from '../runtime/function.ts';
import { listenOnLoopback, type Listening } from './listen.ts';
import { joinedHeaders, readBodyUpTo, splitTarget } from './read.ts';
import type { LogLine } from '../runtime/log-line.ts';

/** How the answer of a function reaches the client: as it is made, or when it is complete. */
export type UrlMode = 'RESPONSE_STREAM' | 'BUFFERED';

export interface FunctionUrlOptions {
  readonly mode: UrlMode;
  /** AWS_IAM lets in who sends an Authorization header that looks like Signature Version 4; the signature is not checked. */
  readonly auth: 'NONE' | 'AWS_IAM';
  /** 0: any free one. */
  readonly port: number;
  /** Most bytes of an event; a body in base64 takes a third more than itself. */
  readonly payloadBytes: number;
  readonly log: (line: LogLine) => void;
}

/** Serves one function URL on loopback. A client that leaves is not told to the function. */
export function startFunctionUrl(target: LocalFunction, options: FunctionUrlOptions): Promise<Listening> {
  const apiId = createHash('sha256').update(target.spec.name).digest('hex').slice(0, 32);
  return listenOnLoopback(options.port, (incoming, response) => answer(target, options, apiId, incoming, response));
}

const SIGNED =
  /^AWS4-(?:HMAC-SHA256|ECDSA-P256-SHA256) Credential=[^,]+,\s*SignedHeaders=[^,]+,\s*Signature=[0-9a-f]+$/;

async function answer(
  target: LocalFunction,
  { mode, auth, payloadBytes, log }: FunctionUrlOptions,
  apiId: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  const traceId = `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`;
  const fail = (status: 403 | 413, type: string): void => sendFailure(response, { status, type, requestId, traceId });
  if (auth === 'AWS_IAM' && !SIGNED.test(incoming.headers.authorization ?? '')) {
    fail(403, 'AccessDeniedException');
    return;
  }
  const event = await readEvent(incoming, payloadBytes, { apiId, requestId, traceId, isSigned: auth === 'AWS_IAM' });
  if (event === null) {
    fail(413, 'RequestTooLargeException');
    return;
  }
  const explain = (text: string): void => log({ functionName: target.spec.name, requestId, kind: 'platform', text });
  const context: ReplyContext = { response, isHead: incoming.method === 'HEAD', requestId, traceId, explain };
  if (mode === 'BUFFERED') await replyBuffered(() => target.invoke(event, { streaming: false, requestId }), context);
  else await replyStreamed(() => target.invoke(event, { streaming: true, requestId }), context);
}

async function readEvent(
  incoming: IncomingMessage,
  payloadBytes: number,
  context: { apiId: string; requestId: string; traceId: string; isSigned: boolean },
): Promise<Buffer | null> {
  const body = await readBodyUpTo(incoming, payloadBytes);
  if (body === null) return null;
  const request = {
    ...splitTarget(incoming.url ?? '/'),
    method: incoming.method ?? 'GET',
    protocol: `HTTP/${incoming.httpVersion}`,
    headers: joinedHeaders(incoming.rawHeaders),
    sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
    port: incoming.socket.localPort ?? 0,
    body,
  };
  const event = Buffer.from(JSON.stringify(urlEvent(request, { ...context, now: Date.now() })));
  return event.length > payloadBytes ? null : event;
}
