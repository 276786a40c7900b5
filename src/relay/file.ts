import { BatonError, hasCode } from '../errors.ts';
import { containerOf, usualContainer } from '../grid/container.ts';
import { splitPictures } from '../grid/picture-option.ts';
import { formatRendition, parseRendition } from '../grid/rendition.ts';
import { serverTiming } from '../meter/usage.ts';
import { contentRange, parseRange, unsatisfiedRange } from '../net/range.ts';
import type { ByteRange, Bytes } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { following } from './body.ts';
import { collect, collecting } from './collect.ts';
import { httpDate, isNotModified, rangeApplies, type Validators } from './conditional.ts';
import { bare, describe } from './file-headers.ts';
import { decided } from './format-auto.ts';
import { framed } from './framed.ts';
import { frameBytes, growingFrames } from './frames.ts';
import { openSource } from './open-source.ts';
import type { Headers, Reply, Request } from './reply.ts';
import type { VirtualFile } from './virtual-file.ts';

/**
 * A virtual file: an episode in another rendition, exact to the byte although nothing was encoded beforehand. GET and
 * HEAD, conditional requests, and single ranges (a request for several gets the whole file). A GET's head waits for the
 * first frame, so that a failure still has a status.
 */
export async function file(request: Request, baton: Baton, notes: Notes): Promise<Reply> {
  const link = baton.readLink(request.path, baton.now() / 1000);
  if (link.kind !== 'file') throw new BatonError('NOT_FOUND', link.kind);
  const { sound, lines } = splitPictures(link.options);
  const rendition = parseRendition(sound);
  const container = containerOf(rendition, link.name);
  if (lines !== null && container !== 'mp4') throw new BatonError('OPTIONS_INVALID', `pictures in ${link.name}`);
  notes.rendition = link.options;
  if (container === 'mp4') return framed(request, link, baton, notes);
  if (link.place !== null) throw new BatonError('NOT_FOUND', link.place);
  const chosen = decided(rendition, request.headers);
  const source = await openSource(link, request, baton, notes);
  const known = baton.files(source, formatRendition(chosen), usualContainer(chosen));
  const wanted = await withLength(known, request, baton, notes);
  const lastModified = wanted.etag === null ? null : httpDate(source.pin.modified, baton.now());
  const headers = describe(wanted, lastModified, chosen !== rendition, link, baton);
  if (wanted.size === null || wanted.etag === null) return unmeasured(request, wanted, headers, baton, notes);

  const validators: Validators = { etag: wanted.etag, lastModified };
  if (isNotModified(request.headers, validators)) return { status: 304, headers: bare(headers), body: null };
  const isPart = request.method === 'GET' && rangeApplies(request.headers, validators, baton.now());
  const asked = parseRange(isPart ? request.headers['range'] : undefined, wanted.size);
  if (asked.kind === 'unsatisfiable') {
    notes.errorHeaders = { 'content-range': unsatisfiedRange(wanted.size), 'accept-ranges': 'bytes' };
    throw new BatonError('RANGE_NOT_SATISFIABLE', request.headers['range']);
  }
  const range = asked.kind === 'part' ? atMost(request.limits.partBytes, asked.range) : { start: 0, end: wanted.size };
  if (asked.kind === 'whole' && request.method === 'GET') requireRoom(wanted.size, isPart, request);
  const body =
    request.method === 'HEAD' ? null : await begin(wanted, range, asked.kind === 'part', request, baton, notes);
  const sent = body instanceof Uint8Array ? { start: range.start, end: range.start + body.length } : range;
  headers['content-length'] = String(sent.end - sent.start);
  if (asked.kind === 'part') headers['content-range'] = contentRange(sent, wanted.size);
  headers['server-timing'] = serverTiming(notes.meter);
  return { status: asked.kind === 'part' ? 206 : 200, headers, body };
}

const atMost = (bytes: Bytes, { start, end }: ByteRange): ByteRange => ({ start, end: Math.min(end, start + bytes) });

/** A whole file that cannot be sent: its listener resumes another version of it, or has to ask for parts. */
function requireRoom(size: Bytes, isPart: boolean, { limits, headers }: Request): void {
  if (limits.collectMs === null || size <= limits.partBytes) return;
  const isResumed = headers['range'] !== undefined && !isPart;
  throw isResumed ? new BatonError('FILE_CHANGED') : new BatonError('RESPONSE_LIMIT', `${size} bytes`);
}

/** Who cannot send bytes as they come has to wait for the length, and the listener gets it, or is told to come back. */
async function withLength(
  wanted: VirtualFile,
  { limits, signal, closing }: Request,
  baton: Baton,
  { meter }: Notes,
): Promise<VirtualFile> {
  if (limits.collectMs === null || wanted.size !== null) return wanted;
  try {
    return wanted.measuredBy(await baton.sources.indexed(wanted.source, AbortSignal.any([signal, closing]), meter));
  } catch (error) {
    if (hasCode(error, 'RESPONSE_LIMIT')) throw new BatonError('SOURCE_UNMEASURED');
    throw error;
  }
}

/**
 * The body of `range`; its first frame is there when this resolves. Where bytes cannot leave as they come, it is all of
 * them, or of a part as many as there was time for.
 */
async function begin(
  wanted: VirtualFile,
  range: ByteRange,
  isPart: boolean,
  request: Request,
  baton: Baton,
  notes: Notes,
): Promise<Reply['body']> {
  const head = wanted.head.subarray(range.start, Math.min(range.end, wanted.head.length));
  const inFrames = { start: Math.max(0, range.start - wanted.head.length), end: range.end - wanted.head.length };
  if (inFrames.end <= inFrames.start) return head;
  using ends = collecting(request, isPart);
  const body = await primed(head, frameBytes(wanted, inFrames, baton, notes, ends), wanted, baton, notes);
  return request.limits.collectMs === null ? body : await collect(body, isPart);
}

/** No promise of a length until the seek index is there: the whole, without ranges. It is on its way from here on. */
async function unmeasured(
  request: Request,
  wanted: VirtualFile,
  headers: Headers,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  headers['accept-ranges'] = 'none';
  headers['cache-control'] = 'no-store';
  const body =
    request.method === 'HEAD'
      ? null
      : await primed(wanted.head, growingFrames(wanted, baton, notes, request), wanted, baton, notes);
  if (request.method === 'HEAD') baton.sources.startIndex(wanted.source);
  headers['server-timing'] = serverTiming(notes.meter);
  return { status: 200, headers, body };
}

async function primed(
  head: Uint8Array,
  frames: AsyncGenerator<Uint8Array, void>,
  wanted: VirtualFile,
  baton: Baton,
  notes: Notes,
): Promise<AsyncIterable<Uint8Array>> {
  const askedAt = performance.now();
  const first = await frames.next();
  notes.firstAudioAt = performance.now();
  if (wanted.frames.kind === 'relayed') notes.meter.sourceMs = notes.firstAudioAt - askedAt;
  baton.sources.startIndex(wanted.source);
  return following(first.done === true ? [head] : [head, first.value], frames);
}
