import type { Ends } from '../encode/play-chunks.ts';
import { BatonError } from '../errors.ts';
import { serverTiming } from '../meter/usage.ts';
import { contentRange, parseRange, unsatisfiedRange } from '../net/range.ts';
import type { Link } from '../sign/link.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { following } from './body.ts';
import { collect, collecting } from './collect.ts';
import { isNotModified, rangeApplies, type Validators } from './conditional.ts';
import { etagOf } from './file-identity.ts';
import { forEver } from './cache-control.ts';
import { ready } from './ready.ts';
import type { Headers, Reply, Request } from './reply.ts';

/** An initialization section or a segment: what decides its bytes, which are always the same. */
export interface HlsPart {
  readonly type: 'audio/mp4' | 'video/mp4';
  readonly tag: readonly unknown[];
}

/**
 * A part of a track, of which `make` gives the pieces. Its head waits for the first of them, so that a failure still has a
 * status. What is asked for by HEAD or in part is made first, since frames differ in size; a whole one leaves as it is
 * made, and tells its length if it is there already.
 */
export async function partReply(
  part: HlsPart,
  make: (ends: Ends) => AsyncGenerator<Uint8Array, void>,
  request: Request,
  link: Link,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  const etag = etagOf('hls', ...part.tag);
  const cached: Headers = { 'cache-control': forEver(link, baton), etag };
  if (isNotModified(request.headers, { etag, lastModified: null })) return { status: 304, headers: cached, body: null };
  const headers: Headers = { 'content-type': part.type, 'accept-ranges': 'bytes', ...cached };
  using ends = collecting(request, false);
  const pieces = make(ends);
  const first = await pieces.next();
  notes.firstAudioAt = performance.now();
  headers['server-timing'] = serverTiming(notes.meter);
  const { pieces: others, rest } = await ready(pieces);
  const there = first.done === true ? others : [first.value, ...others];
  if (rest === null) return wholeReply(Buffer.concat(there), headers, request, baton, notes);
  const body = following(there, rest);
  const isPart = request.method === 'HEAD' || request.headers['range'] !== undefined;
  if (!isPart && request.limits.collectMs === null) return { status: 200, headers, body };
  return wholeReply(await collect(body, false), headers, request, baton, notes);
}

/** What is there already, as the pieces of a part. */
export async function* atOnce(bytes: Uint8Array | Promise<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield await bytes;
}

/** Bytes that are there, or the part of them that is asked for. */
function wholeReply(bytes: Uint8Array, headers: Headers, request: Request, baton: Baton, notes: Notes): Reply {
  const validators: Validators = { etag: headers['etag'] ?? '', lastModified: null };
  const isPart = request.method === 'GET' && rangeApplies(request.headers, validators, baton.now());
  const asked = parseRange(isPart ? request.headers['range'] : undefined, bytes.length);
  if (asked.kind === 'unsatisfiable') {
    notes.errorHeaders = { 'content-range': unsatisfiedRange(bytes.length), 'accept-ranges': 'bytes' };
    throw new BatonError('RANGE_NOT_SATISFIABLE', request.headers['range']);
  }
  const range = asked.kind === 'part' ? asked.range : { start: 0, end: bytes.length };
  const body = request.method === 'HEAD' ? null : bytes.subarray(range.start, range.end);
  headers['content-length'] = String(range.end - range.start);
  if (asked.kind === 'part') headers['content-range'] = contentRange(range, bytes.length);
  return { status: asked.kind === 'part' ? 206 : 200, headers, body };
}
