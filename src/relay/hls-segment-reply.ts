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
import type { HlsTrack } from './hls-track.ts';
import type { Headers, Reply, Request } from './reply.ts';

/** The initialization section of a track. */
export function initReply(track: HlsTrack, request: Request, link: Link, baton: Baton, notes: Notes): Reply {
  const { headers, isKnown } = described(track, 'init', request, link, baton);
  return isKnown ? { status: 304, headers, body: null } : wholeReply(track.init(), headers, request, baton, notes);
}

/**
 * A segment. Its head waits for its first frames, so that a failure still has a status. What is asked for by HEAD or in
 * part is made first, since its frames differ in size; a whole one leaves as it is made, and tells its length if it is
 * stored.
 */
export async function segmentReply(
  track: HlsTrack,
  index: number,
  request: Request,
  link: Link,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  if (index >= track.ends.length) throw new BatonError('NOT_FOUND', `segment ${index} of ${track.ends.length}`);
  const { headers, isKnown } = described(track, index, request, link, baton);
  if (isKnown) return { status: 304, headers, body: null };
  using ends = collecting(request, false);
  const pieces = track.segment(index, notes, ends);
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

interface Described {
  readonly headers: Headers;
  /** Whether the player has it already. */
  readonly isKnown: boolean;
}

function described(track: HlsTrack, part: number | 'init', request: Request, link: Link, baton: Baton): Described {
  const etag = etagOf(track.tag, part);
  const cached = { 'cache-control': forEver(link, baton), etag };
  if (isNotModified(request.headers, { etag, lastModified: null })) return { headers: cached, isKnown: true };
  return { headers: { 'content-type': track.type, 'accept-ranges': 'bytes', ...cached }, isKnown: false };
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
