import type { EdgeCache, Kept } from './cache.ts';
import type { EdgeRequest } from './event.ts';
import { contentRange, parseContentRange, parseRange } from './range.ts';
import type { Reply } from './reply.ts';
import type { Behaviour } from './spec.ts';

/** The part of an object that a request without Range asks for. */
export const WHOLE = '';

/** The object that a request asks for: what the cache policy says it is. */
export function objectKey(
  { method, uri, query, headers }: EdgeRequest,
  { cacheHeaders = [], queryStrings }: Behaviour,
): string {
  const keyed = queryStrings === 'forward' ? '' : query;
  const values = cacheHeaders.map((name) => `${name.toLowerCase()}: ${headers[name.toLowerCase()] ?? ''}`);
  return [`${method === 'HEAD' ? 'HEAD' : 'GET'} ${uri}?${keyed}`, ...values].join('\n');
}

/** The part of it. */
export const partKey = ({ method, headers }: EdgeRequest): string =>
  method === 'GET' ? (headers['range'] ?? WHOLE) : WHOLE;

/** What the cache has for a request: the whole object, the same range, or a kept range that contains it; null for nothing fresh. */
export function lookUp(cache: EdgeCache, object: string, request: EdgeRequest, now: number): Reply | null {
  const part = partKey(request);
  const fresh = (key: string): Kept | null => {
    const kept = cache.get(object, key);
    return kept !== null && kept.freshUntil > now ? kept : null;
  };
  const whole = fresh(WHOLE);
  if (whole !== null) return fromKept(whole, request, now);
  if (part === WHOLE) return null;
  const same = fresh(part);
  if (same !== null) return fromKept(same, request, now);
  for (const key of cache.parts(object)) {
    const wide = key === WHOLE ? null : fresh(key);
    const slice = wide === null ? null : sliceOf(wide, part);
    if (wide !== null && slice !== null) return fromKept(slice, request, now);
  }
  return null;
}

/** A kept response as the answer to `request`: 304 when the viewer has it, the range asked for of a whole object. */
export function fromKept(kept: Kept, request: EdgeRequest, now: number, how = 'Hit'): Reply {
  const { status, headers, body, storedAt } = kept;
  const age = { age: String(Math.max(0, Math.floor((now - storedAt) / 1000))) };
  const xCache = status >= 400 ? 'Error from cloudfront' : `${how} from cloudfront`;
  const reply = { status, headers: { ...headers, ...age }, body, xCache };
  if (status !== 200) return reply;
  const { etag } = headers;
  const { range, 'if-none-match': noneMatch, 'if-range': ifRange } = request.headers;
  if (noneMatch !== undefined && typeof etag === 'string' && matches(noneMatch, etag))
    return { ...reply, status: 304, headers: without(reply.headers, 'content-length'), body: EMPTY };
  if (range === undefined || request.method !== 'GET') return reply;
  if (ifRange !== undefined && ifRange !== etag && ifRange !== headers['last-modified']) return reply;
  const wanted = parseRange(range, body.length);
  if (wanted === null) return reply;
  if (wanted === 'unsatisfiable') {
    const said = { ...age, 'content-range': `bytes */${body.length}` };
    return { ...reply, status: 416, headers: said, body: EMPTY };
  }
  return {
    ...reply,
    status: 206,
    headers: { ...without(reply.headers, 'content-length'), 'content-range': contentRange(wanted, body.length) },
    body: body.subarray(wanted.start, wanted.end),
  };
}

const EMPTY = Buffer.alloc(0);

/** The range `text` out of a wider one that is kept, or null. Open ranges are not looked for: their end is the origin's choice. */
function sliceOf(wide: Kept, text: string): Kept | null {
  const has = wide.status === 206 ? parseContentRange(String(wide.headers['content-range'] ?? '')) : null;
  const isClosed = /^bytes=\d+-\d+$/.test(text);
  const wanted = has !== null && isClosed ? parseRange(text, has.size) : null;
  if (has === null || wanted === null || wanted === 'unsatisfiable') return null;
  if (wanted.start < has.start || wanted.end > has.end) return null;
  return {
    ...wide,
    headers: { ...without(wide.headers, 'content-length'), 'content-range': contentRange(wanted, has.size) },
    body: wide.body.subarray(wanted.start - has.start, wanted.end - has.start),
  };
}

const matches = (noneMatch: string, etag: string): boolean =>
  noneMatch.trim() === '*' ||
  noneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''));

function without(headers: Kept['headers'], name: string): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
