import type { ServerResponse } from 'node:http';
import { invokeComplete, payloadChunk } from './event-stream.ts';
import type { LocalFunction } from '../runtime/function.ts';
import { sendBytes } from './send.ts';
import { sendApiError } from './invoke-api-failure.ts';
import { InvocationError } from '../runtime/invocation-error.ts';
import type { Invocation, InvokeOptions } from '../runtime/invocation.ts';

/** One call of the Invoke API. */
export interface InvokeCall {
  readonly target: LocalFunction;
  readonly payload: Uint8Array;
  /** JSON text. */
  readonly clientContext: string | null;
  readonly wantsLog: boolean;
}

/** What is left of an invocation, whole or failed. */
interface Ended {
  readonly requestId: string | null;
  readonly logTail: () => Promise<string>;
}

const VERSION = { 'x-amz-executed-version': '$LATEST' };

/** RequestResponse: the whole result; a failed function still answers 200, with X-Amz-Function-Error. */
export async function replyInvoke(call: InvokeCall, response: ServerResponse): Promise<void> {
  let ended: Ended;
  let payload: Uint8Array;
  let failed = {};
  try {
    const invocation = (ended = await call.target.invoke(call.payload, options(call, false)));
    payload = await whole(invocation);
  } catch (error) {
    const failure = (ended = toInvocationError(error));
    if (refused(failure, response)) return;
    failed = { 'x-amz-function-error': 'Unhandled' };
    payload = Buffer.from(failure.details);
  }
  const log = call.wantsLog ? await tail(ended) : null;
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': String(payload.length),
    ...(ended.requestId !== null && { 'x-amzn-requestid': ended.requestId }),
    ...(log !== null && { 'x-amz-log-result': log }),
    ...VERSION,
    ...failed,
  });
  response.end(payload);
}

/** Event: accepted at once, run once, the result thrown away. */
export function replyEvent(call: InvokeCall, response: ServerResponse): Promise<void> {
  response.writeHead(202, { 'content-length': '0' }).end();
  return call.target
    .invoke(call.payload, options(call, false))
    .then(whole)
    .then(
      () => undefined,
      () => undefined, // it stands in the function's log
    );
}

/** InvokeWithResponseStream: the chunks as they are made, then how it ended. */
export async function replyStream(call: InvokeCall, response: ServerResponse): Promise<void> {
  let invocation: Invocation | null = null;
  const started = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, {
      'content-type': 'application/vnd.amazon.eventstream',
      ...(invocation !== null && {
        'x-amzn-requestid': invocation.requestId,
        'x-amzn-remapped-content-type': invocation.contentType,
      }),
      ...VERSION,
    });
    response.flushHeaders();
  };
  let failure: InvocationError | null = null;
  try {
    invocation = await call.target.invoke(call.payload, options(call, true));
    started();
    for await (const bytes of invocation.body) {
      if (bytes.length > 0 && !(await sendBytes(response, payloadChunk(bytes)))) return;
    }
  } catch (error) {
    failure = toInvocationError(error);
    if (!response.headersSent && refused(failure, response)) return;
  }
  started();
  const log = call.wantsLog ? await tail(invocation ?? failure) : null;
  response.end(
    invokeComplete({
      ...(failure !== null && { ErrorCode: failure.errorType, ErrorDetails: failure.details }),
      ...(log !== null && { LogResult: log }),
    }),
  );
}

const options = ({ clientContext }: InvokeCall, streaming: boolean): InvokeOptions => ({
  streaming,
  ...(clientContext !== null && { clientContext }),
});

async function whole({ body }: Invocation): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

async function tail(ended: Ended | null): Promise<string | null> {
  return ended === null ? null : Buffer.from(await ended.logTail()).toString('base64');
}

const toInvocationError = (error: unknown): InvocationError =>
  error instanceof InvocationError
    ? error
    : new InvocationError('Sandbox.Failure', error instanceof Error ? error.message : String(error));

/** What the service refuses has a status of its own; all else is a failure of the function. */
function refused({ errorType, message }: InvocationError, response: ServerResponse): boolean {
  if (errorType !== 'TooManyRequestsException' && errorType !== 'RequestTooLargeException') return false;
  sendApiError(response, errorType, message);
  return true;
}
