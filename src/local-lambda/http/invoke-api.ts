import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LocalFunction } from '../runtime/function.ts';
import { listenOnLoopback, type Listening } from './listen.ts';
import { readBodyUpTo, splitTarget } from './read.ts';
import { isJson } from '../runtime/invocation-input.ts';
import { sendApiError } from './invoke-api-failure.ts';
import { replyEvent, replyInvoke, replyStream, type InvokeCall } from './invoke-api-reply.ts';
import { AWS_LIMITS } from '../runtime/runtime-limits.ts';

export interface InvokeApiOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Most bytes of a payload that is waited for. */
  readonly payloadBytes: number;
}

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const STREAM = /^\/2021-11-15\/functions\/([^/]+)\/response-streaming-invocations$/;

/** Serves Invoke and InvokeWithResponseStream for all functions on loopback: the `endpoint` of AWS's own SDKs. */
export const startInvokeApi = (
  functions: ReadonlyMap<string, LocalFunction>,
  { port, payloadBytes }: InvokeApiOptions,
): Promise<Listening> =>
  listenOnLoopback(port, (incoming, response) => answer(functions, payloadBytes, incoming, response));

async function answer(
  functions: ReadonlyMap<string, LocalFunction>,
  payloadBytes: number,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { path } = splitTarget(incoming.url ?? '/');
  const isStream = STREAM.test(path);
  const [, written] = STREAM.exec(path) ?? INVOKE.exec(path) ?? [];
  if (incoming.method !== 'POST' || written === undefined) {
    sendApiError(response, 'UnknownOperationException', `local Lambda knows Invoke and InvokeWithResponseStream only`);
    return;
  }
  const name = functionName(written);
  const target = functions.get(name);
  const type = header(incoming, 'x-amz-invocation-type') ?? 'RequestResponse';
  const most = type === 'Event' ? Math.min(ASYNC_BYTES, payloadBytes) : payloadBytes;
  const payload = await readBodyUpTo(incoming, most);
  if (target === undefined) {
    sendApiError(response, 'ResourceNotFoundException', `Function not found: ${arn(name)}`);
  } else if (payload === null) {
    const text = `Request must be smaller than ${most} bytes for the InvokeFunction operation`;
    sendApiError(response, 'RequestTooLargeException', text);
  } else if (payload.length > 0 && !isJson(payload.toString())) {
    sendApiError(response, 'InvalidRequestContentException', 'Could not parse request body into json');
  } else if (!(isStream ? STREAM_TYPES : INVOKE_TYPES).includes(type)) {
    sendApiError(response, 'InvalidParameterValueException', `invocation type ${type} is not possible here`);
  } else if (type === 'DryRun') {
    response.writeHead(204).end();
  } else {
    const call: InvokeCall = { target, ...callOptions(incoming), payload: payload.length > 0 ? payload : EMPTY };
    const reply = isStream ? replyStream : type === 'Event' ? replyEvent : replyInvoke;
    await reply(call, response);
  }
}

/** What an asynchronous event may have. */
const ASYNC_BYTES = Math.min(1024 * 1024, AWS_LIMITS.payloadBytes);
const INVOKE_TYPES: readonly string[] = ['RequestResponse', 'Event', 'DryRun'];
const STREAM_TYPES: readonly string[] = ['RequestResponse', 'DryRun'];
const EMPTY = Buffer.from('{}');

function callOptions(incoming: IncomingMessage): Pick<InvokeCall, 'clientContext' | 'wantsLog'> {
  const context = header(incoming, 'x-amz-client-context');
  return {
    clientContext: context === null ? null : Buffer.from(context, 'base64').toString('utf8'),
    wantsLog: header(incoming, 'x-amz-log-type') === 'Tail',
  };
}

function header(incoming: IncomingMessage, name: string): string | null {
  const value = incoming.headers[name];
  return typeof value === 'string' ? value : null;
}

/** A function is called by its name, with a qualifier, or by its ARN. */
function functionName(written: string): string {
  const text = decodeURIComponent(written);
  return /(?:^|:)function:([^:]+)/.exec(text)?.[1] ?? text.split(':')[0] ?? text;
}

const arn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
