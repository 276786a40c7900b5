import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { functionError, InvocationError } from './invocation-error.ts';
import { readWholeBody } from './read-body.ts';
import type { Response } from './response.ts';

/** The Runtime API (version 2018-06-01) for one environment: the runtime asks it for work and posts what came of it. */
export interface RuntimeApi {
  /** `host:port`, for AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Resolves when the runtime waits for work; at once when it does already. */
  asked(): Promise<void>;
  /** Gives the waiting runtime its work. */
  hand(work: Work): void;
  /** Closes the server and every connection. */
  stop(): Promise<void>;
}

export interface Work {
  readonly requestId: string;
  readonly event: Uint8Array;
  /** The headers that come with the event. */
  readonly headers: Readonly<Record<string, string>>;
  readonly response: Response;
  /** The error of a response that breaks off. */
  readonly whyCut: () => Promise<InvocationError>;
}

const PATH = '/2018-06-01/runtime';
const POST_PATH = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/;
const MAX_ERROR_BYTES = 1024 * 1024;

/** Serves one runtime on a port of its own; `onInitError` gets what the runtime posts when the function cannot be loaded. */
export async function serveRuntimeApi(onInitError: (error: InvocationError) => void): Promise<RuntimeApi> {
  let waiting: ServerResponse | null = null;
  let current: Work | null = null;
  let isReady = false;
  let wake: (() => void)[] = [];

  const next = (reply: ServerResponse): void => {
    if (waiting !== null) {
      refuse(reply, 403, 'InvalidStateTransition', 'The runtime already waits for an invocation.');
      return;
    }
    isReady = true;
    waiting = reply;
    reply.once('close', () => {
      if (waiting === reply) waiting = null;
    });
    for (const each of wake) each();
    wake = [];
  };

  const response = async (work: Work, request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const outcome = await work.response.receive(request, work.whyCut);
    request.resume();
    if (outcome === 'accepted') accept(reply);
    if (outcome === 'badMode') refuse(reply, 400, 'InvalidResponseMode', 'Unknown response mode.');
    if (outcome === 'tooLarge') refuse(reply, 413, 'RequestEntityTooLarge', 'Exceeded maximum allowed payload size.');
  };

  const error = async (work: Work, request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const body = await readWholeBody(request, MAX_ERROR_BYTES);
    work.response.fail(functionError(body?.toString() ?? '', errorTypeOf(request)));
    if (body === null) refuse(reply, 413, 'RequestEntityTooLarge', 'Exceeded maximum allowed payload size.');
    else accept(reply);
  };

  const initError = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const body = await readWholeBody(request, MAX_ERROR_BYTES);
    if (isReady) {
      refuse(reply, 403, 'InvalidStateTransition', 'The runtime is already initialised.');
      return;
    }
    accept(reply);
    onInitError(functionError(body?.toString() ?? '', errorTypeOf(request)));
  };

  const route = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const { method, url = '' } = request;
    if (method === 'GET' && url === `${PATH}/invocation/next`) {
      next(reply);
      return;
    }
    if (method === 'POST' && url === `${PATH}/init/error`) {
      await initError(request, reply);
      return;
    }
    const [, id, kind] = POST_PATH.exec(url) ?? [];
    if (method !== 'POST' || id === undefined) {
      refuse(reply, 404, 'NotFound', 'No such resource.');
      return;
    }
    if (decodeURIComponent(id) !== current?.requestId) {
      refuse(reply, 400, 'InvalidRequestID', 'Invalid request ID');
    } else if (current.response.isPosted() || current.response.failure() !== null) {
      refuse(reply, 403, 'InvalidStateTransition', 'The invocation has been answered.');
    } else {
      await (kind === 'response' ? response(current, request, reply) : error(current, request, reply));
      return;
    }
    request.resume();
  };

  // A stack trace or an error body may be long; the service allows 1 MB.
  const server = createServer({ maxHeaderSize: 1024 * 1024 }, (request, reply) => {
    route(request, reply).catch(() => reply.destroy());
  });
  // A runtime may be frozen for any time: its sockets have to be there when it is thawed.
  Object.assign(server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, timeout: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => (waiting === null ? new Promise((resolve) => wake.push(resolve)) : Promise.resolve()),
    hand(work) {
      current = work;
      const reply = waiting;
      waiting = null;
      reply?.writeHead(200, { 'content-type': 'application/json', ...work.headers }).end(work.event);
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function errorTypeOf(request: IncomingMessage): string | undefined {
  const type = request.headers['lambda-runtime-function-error-type'];
  return typeof type === 'string' ? type : undefined;
}

function accept(reply: ServerResponse): void {
  reply.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
}

function refuse(reply: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ errorMessage, errorType }));
}
