import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { edgeCache } from './cache.ts';
import { functionResult, viewerEvent, type EdgeRequest } from './event.ts';
import { edgeFunction, type EdgeOutcome } from './edge-function.ts';
import { edgeError, sendReply } from './reply.ts';
import { serve, type Edge } from './serve.ts';
import { matchesPattern, type Behaviour, type CloudFrontSpec } from './spec.ts';
import { listenOnLoopback, type Listening } from '../http/listen.ts';
import { joinedHeaders, readBodyUpTo, splitTarget } from '../http/read.ts';
import type { LogLine } from '../runtime/log-line.ts';

export interface CloudFrontOptions {
  /** By function name. */
  readonly functionUrls: ReadonlyMap<string, string>;
  /** 0: any free one. */
  readonly port: number;
  readonly log: (line: LogLine) => void;
}

export interface CloudFront extends Listening {
  /** Empties the cache. */
  invalidate(): void;
}

const MIB = 2 ** 20;
/** What a viewer's body may have; function URLs take less. */
const BODY_BYTES = 50 * MIB;

type Run = (event: object) => Promise<EdgeOutcome>;

/** Serves a distribution on loopback. Throws when an origin names a function that has no URL. */
export async function startCloudFront(spec: CloudFrontSpec, options: CloudFrontOptions): Promise<CloudFront> {
  const originUrls = urlsOf(spec, options.functionUrls);
  const stopping = new AbortController();
  const edge: Edge = {
    cache: edgeCache(spec.cacheBytes ?? 256 * MIB),
    originUrls,
    errorSeconds: spec.errorSeconds ?? {},
    timeoutMs: spec.originReadTimeoutMs ?? 30_000,
    signal: stopping.signal,
  };
  const say = (text: string): void =>
    options.log({ functionName: 'cloudfront', requestId: null, kind: 'platform', text });
  const log = (text: string): void =>
    options.log({ functionName: 'cloudfront', requestId: null, kind: 'function', text });
  const deps = { keyValues: spec.keyValues, originIds: [...originUrls.keys()], log };
  const served = spec.behaviours.map((behaviour): [Behaviour, Run | null] => [
    behaviour,
    behaviour.viewerRequest === null ? null : edgeFunction(behaviour.viewerRequest, deps),
  ]);
  const listening = await listenOnLoopback(options.port, async (incoming, response) => {
    const how = await answer(served, edge, incoming, response, say);
    say(`${incoming.method ?? ''} ${incoming.url ?? ''} ${response.statusCode} ${how}`);
  });
  const stop = (): Promise<void> => {
    stopping.abort();
    return listening.stop();
  };
  return { ...listening, stop, invalidate: () => edge.cache.clear() };
}

function urlsOf(spec: CloudFrontSpec, functionUrls: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const urls = new Map<string, string>();
  for (const [id, name] of Object.entries(spec.origins)) {
    const url = functionUrls.get(name);
    if (url === undefined) throw new Error(`origin ${id} is the function ${name}, which has no function URL`);
    urls.set(id, url);
  }
  for (const { origin } of spec.behaviours) if (!urls.has(origin)) throw new Error(`there is no origin ${origin}`);
  return urls;
}

async function answer(
  served: readonly (readonly [Behaviour, Run | null])[],
  edge: Edge,
  incoming: IncomingMessage,
  response: ServerResponse,
  say: (text: string) => void,
): Promise<string> {
  const isHead = incoming.method === 'HEAD';
  const { path, query } = splitTarget(incoming.url ?? '/');
  const [behaviour, run] = served.find(([{ pathPattern }]) => matchesPattern(pathPattern, path)) ?? [null, null];
  const body = await readBodyUpTo(incoming, BODY_BYTES);
  const isAllowed = behaviour?.methods?.includes(incoming.method ?? '') ?? true;
  if (behaviour === null || body === null || !isAllowed) {
    sendReply(response, edgeError(403), isHead);
    return 'Error from cloudfront';
  }
  const viewerIp = incoming.socket.remoteAddress ?? '127.0.0.1';
  const headers = joinedHeaders(incoming.rawHeaders);
  const sent: EdgeRequest = { method: incoming.method ?? 'GET', uri: path, query, headers };
  let request = sent;
  let { origin } = behaviour;
  if (run !== null) {
    try {
      const outcome = await run(viewerEvent(sent, viewerIp, randomUUID()));
      const result = functionResult(outcome.result, sent);
      if ('status' in result) {
        sendReply(response, result, isHead);
        return result.xCache;
      }
      request = result;
      origin = outcome.origin ?? origin;
    } catch (error) {
      say(`FunctionExecutionError: ${error instanceof Error ? error.message : String(error)}`);
      sendReply(response, edgeError(503, 'FunctionExecutionError from cloudfront'), isHead);
      return 'FunctionExecutionError from cloudfront';
    }
  }
  const asked = behaviour.queryStrings === 'none' ? { ...request, query: '' } : request;
  return serve(edge, { request: asked, behaviour, origin, viewerIp, body }, response);
}
