import type { ServerResponse } from 'node:http';
import { bufferedReply } from './function-url-buffered.ts';
import { sendFailure } from './function-url-failure.ts';
import { clientHeaders } from './function-url-headers.ts';
import { cut, sendBody, sendBytes } from './send.ts';
import { InvocationError } from '../runtime/invocation-error.ts';
import type { Invocation } from '../runtime/invocation.ts';
import { PRELUDE_TYPE, preludeParser, toPrelude, type Prelude } from './prelude.ts';

export interface ReplyContext {
  readonly response: ServerResponse;
  readonly isHead: boolean;
  /** Of the request and its invocation. */
  readonly requestId: string;
  readonly traceId: string;
  /** Says in the log why a client got an error. */
  readonly explain: (text: string) => void;
}

type Invoke = () => Promise<Invocation>;

/** Sends the response of a RESPONSE_STREAM URL: always chunked, as it is made; cut when the function fails midway. */
export async function replyStreamed(invoke: Invoke, context: ReplyContext): Promise<void> {
  const { response } = context;
  let body: AsyncIterator<Uint8Array> | null = null;
  try {
    const invocation = await invoke();
    const iterator = (body = invocation.body[Symbol.asyncIterator]());
    const { prelude, rest } = await readHead(iterator, invocation.contentType);
    response.writeHead(prelude.statusCode, { ...clientHeaders(prelude, 'chunked'), ...ids(context) });
    response.flushHeaders();
    if (await sendBytes(response, rest)) await sendBody(response, { [Symbol.asyncIterator]: () => iterator });
    else await iterator.return?.();
  } catch (error) {
    await body?.return?.(); // a head that cannot be sent leaves a function that still writes
    fail(error, context);
  }
}

/** Sends the response of a BUFFERED URL. */
export async function replyBuffered(invoke: Invoke, context: ReplyContext): Promise<void> {
  const { response, isHead } = context;
  try {
    const invocation = await invoke();
    const parts: Uint8Array[] = [];
    for await (const part of invocation.body) parts.push(part);
    const { prelude, body } = bufferedReply(Buffer.concat(parts));
    // The length of what a GET would bring is the point of HEAD; whether the service lets it through is not documented.
    const told = isHead && body.length === 0 ? Number(prelude.headers['content-length'] ?? 0) : body.length;
    response.writeHead(prelude.statusCode, { ...clientHeaders(prelude, told), ...ids(context) });
    response.end(isHead ? null : body);
  } catch (error) {
    fail(error, context);
  }
}

async function readHead(
  body: AsyncIterator<Uint8Array>,
  contentType: string,
): Promise<{ readonly prelude: Prelude; readonly rest: Uint8Array }> {
  const nothing = new Uint8Array();
  if (contentType !== PRELUDE_TYPE) {
    const first = await body.next(); // fails while there can still be a status
    const prelude = toPrelude({ headers: { 'content-type': contentType } });
    return { prelude, rest: first.done === true ? nothing : first.value };
  }
  const parse = preludeParser();
  let isEmpty = true;
  for (;;) {
    const next = await body.next();
    // A function that never wrote loses its prelude: the runtime client sends it with the first write.
    if (next.done === true && isEmpty) return { prelude: toPrelude({}), rest: nothing };
    if (next.done === true)
      throw new Error(
        'the response ended before the head of HttpResponseStream was written: the runtime sends it with the first write(), not with end()',
      );
    isEmpty &&= next.value.length === 0;
    const split = parse(next.value);
    if (split !== null) return split;
  }
}

const ids = ({ requestId, traceId }: ReplyContext): Record<string, string> => ({
  'x-amzn-requestid': requestId,
  'x-amzn-trace-id': traceId,
});

/** What the service refuses before a function runs. */
const REFUSED = new Map([
  ['TooManyRequestsException', [429, 'TooManyRequestsException'] as const],
  ['RequestTooLargeException', [413, 'RequestTooLargeException'] as const],
]);

function fail(error: unknown, { response, requestId, traceId, explain }: ReplyContext): void {
  const reason = error instanceof Error ? error.message : String(error);
  if (response.headersSent) {
    explain(`Function URL: the response was cut: ${reason}`);
    cut(response);
    return;
  }
  const [status, type] =
    REFUSED.get(error instanceof InvocationError ? error.errorType : '') ??
    ([502, 'InternalServerErrorException'] as const);
  explain(`Function URL: ${status}: ${reason}`);
  sendFailure(response, { status, type, requestId, traceId });
}
