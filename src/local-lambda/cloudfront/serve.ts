import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EdgeCache } from './cache.ts';
import type { EdgeRequest } from './event.ts';
import { originFailed, passOn, refreshed, type Keeping } from './fetch.ts';
import { fromKept, lookUp, objectKey, partKey, WHOLE } from './lookup.ts';
import { askOrigin, originHeaders } from './origin.ts';
import { sendReply } from './reply.ts';
import { DEFAULT_TTL, type Behaviour } from './spec.ts';

/** What all requests of a distribution share. */
export interface Edge {
  readonly cache: EdgeCache;
  /** Function URLs by origin id. */
  readonly originUrls: ReadonlyMap<string, string>;
  readonly errorSeconds: Readonly<Record<number, number>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A request after the function. */
export interface EdgeJob {
  readonly request: EdgeRequest;
  readonly behaviour: Behaviour;
  /** Id. */
  readonly origin: string;
  readonly viewerIp: string;
  readonly body: Buffer;
}

/** Answers from the cache or the origin; gives what X-Cache said. */
export async function serve(edge: Edge, job: EdgeJob, response: ServerResponse): Promise<string> {
  const { request, behaviour } = job;
  const isHead = request.method === 'HEAD';
  if (request.method !== 'GET' && !isHead) return fetched(edge, job, response, null);
  const object = objectKey(request, behaviour);
  const hit = lookUp(edge.cache, object, request, Date.now());
  if (hit !== null) {
    sendReply(response, hit, isHead);
    return hit.xCache;
  }
  const policy = { ttl: behaviour.ttl ?? DEFAULT_TTL, errorSeconds: edge.errorSeconds };
  const keeping: Keeping = { cache: edge.cache, object, part: partKey(request), policy };
  return keeping.part === WHOLE ? revalidated(edge, job, response, keeping) : ranged(edge, job, response, keeping);
}

/** A whole object: one that is kept but no longer fresh is asked for with its validator. */
async function revalidated(edge: Edge, job: EdgeJob, response: ServerResponse, keeping: Keeping): Promise<string> {
  const stale = edge.cache.get(keeping.object, WHOLE);
  const etag = stale?.status === 200 ? stale.headers['etag'] : undefined;
  if (stale === null || typeof etag !== 'string') return fetched(edge, job, response, keeping);
  const asked = withHeaders(job, { 'if-none-match': etag });
  const message = await ask(edge, asked).catch((error: unknown) => originFailed(error, response, keeping));
  if (typeof message === 'string') return message;
  if (message.statusCode !== 304) return passOn(message, response, keeping, edge.timeoutMs);
  const kept = refreshed(stale, message, keeping.policy);
  edge.cache.set(keeping.object, WHOLE, kept);
  const reply = fromKept(kept, job.request, Date.now(), 'RefreshHit');
  sendReply(response, reply, job.request.method === 'HEAD');
  return reply.xCache;
}

/** A range: an origin that answers it chunked makes CloudFront fetch and send the whole object instead. */
async function ranged(edge: Edge, job: EdgeJob, response: ServerResponse, keeping: Keeping): Promise<string> {
  const message = await ask(edge, job).catch((error: unknown) => originFailed(error, response, keeping));
  if (typeof message === 'string') return message;
  const isChunked = message.headers['content-length'] === undefined;
  const isWhole = message.statusCode === 200;
  if (message.statusCode === 206 && isChunked) {
    message.destroy();
    return fetched(edge, withHeaders(job, { range: null, 'if-range': null }), response, { ...keeping, part: WHOLE });
  }
  return passOn(message, response, isWhole ? { ...keeping, part: WHOLE } : keeping, edge.timeoutMs);
}

async function fetched(edge: Edge, job: EdgeJob, response: ServerResponse, keeping: Keeping | null): Promise<string> {
  const message = await ask(edge, job).catch((error: unknown) => originFailed(error, response, keeping));
  return typeof message === 'string' ? message : passOn(message, response, keeping, edge.timeoutMs);
}

function ask({ originUrls, timeoutMs, signal }: Edge, job: EdgeJob): Promise<IncomingMessage> {
  const { request, behaviour, origin, viewerIp, body } = job;
  const url = originUrls.get(origin) ?? '';
  const headers = originHeaders(request, behaviour, { host: new URL(url).host, viewerIp, body });
  const path = request.query === '' ? request.uri : `${request.uri}?${request.query}`;
  return askOrigin({ url, method: request.method, path, headers, body, timeoutMs, signal });
}

/** With other headers; null takes one out. */
function withHeaders(job: EdgeJob, changes: Readonly<Record<string, string | null>>): EdgeJob {
  const entries = Object.entries({ ...job.request.headers, ...changes });
  const headers = Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
  return { ...job, request: { ...job.request, headers } };
}
