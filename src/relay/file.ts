import { create as contentDisposition } from 'content-disposition';
import { BatonError } from '../errors.ts';
import { parseRendition } from '../grid/rendition.ts';
import { serverTiming } from '../meter/usage.ts';
import { contentRange, parseRange, unsatisfiedRange } from '../net/range.ts';
import type { Link } from '../sign/link.ts';
import type { Source } from '../source/record.ts';
import type { ByteRange } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { following } from './body.ts';
import { httpDate, isNotModified, rangeApplies, type Validators } from './conditional.ts';
import { frameBytes, growingFrames } from './frames.ts';
import type { Headers, Reply, Request } from './reply.ts';
import type { VirtualFile } from './virtual-file.ts';

// A character may take 9 bytes of the header, and proxies take 4 kB for all headers.
const MAX_TITLE = 120;

/**
 * A virtual file: an episode in another rendition, exact to the byte although nothing was encoded beforehand. GET and
 * HEAD, conditional requests, and single ranges (a request for several gets the whole file). A GET's head waits for the
 * first frame, so that a failure still has a status.
 */
export async function file(request: Request, baton: Baton, notes: Notes): Promise<Reply> {
  const link = baton.readLink(request.path, baton.now() / 1000);
  if (link.kind !== 'file') throw new BatonError('NOT_FOUND', link.kind);
  parseRendition(link.options);
  notes.rendition = link.options;
  const source = await openSource(link, request, baton, notes);
  const wanted = baton.files(source, link.options);
  const lastModified = wanted.etag === null ? null : httpDate(source.pin.modified, baton.now());
  const headers = describe(wanted, lastModified, link, baton);
  if (wanted.size === null || wanted.etag === null) return unmeasured(request, wanted, headers, baton, notes);

  const validators: Validators = { etag: wanted.etag, lastModified };
  if (isNotModified(request.headers, validators)) return { status: 304, headers: bare(headers), body: null };
  const isPart = request.method === 'GET' && rangeApplies(request.headers, validators, baton.now());
  const asked = parseRange(isPart ? request.headers['range'] : undefined, wanted.size);
  if (asked.kind === 'unsatisfiable') {
    notes.errorHeaders = { 'content-range': unsatisfiedRange(wanted.size), 'accept-ranges': 'bytes' };
    throw new BatonError('RANGE_NOT_SATISFIABLE', request.headers['range']);
  }
  const range = asked.kind === 'part' ? asked.range : { start: 0, end: wanted.size };
  headers['content-length'] = String(range.end - range.start);
  if (asked.kind === 'part') headers['content-range'] = contentRange(range, wanted.size);
  const body = request.method === 'HEAD' ? null : await begin(wanted, range, request, baton, notes);
  headers['server-timing'] = serverTiming(notes.meter);
  return { status: asked.kind === 'part' ? 206 : 200, headers, body };
}

async function openSource(link: Link, request: Request, baton: Baton, { meter }: Notes): Promise<Source> {
  const startedAt = performance.now();
  const source = await baton.sources.open(link.source, request.signal, meter);
  meter.probeMs = performance.now() - startedAt;
  return source;
}

/** The body of `range`; its first frame is there when this resolves. */
async function begin(
  wanted: VirtualFile,
  range: ByteRange,
  request: Request,
  baton: Baton,
  notes: Notes,
): Promise<Reply['body']> {
  const head = wanted.head.subarray(range.start, Math.min(range.end, wanted.head.length));
  const inFrames = { start: Math.max(0, range.start - wanted.head.length), end: range.end - wanted.head.length };
  if (inFrames.end <= inFrames.start) return head;
  return primed(head, frameBytes(wanted, inFrames, baton, notes, request.signal), wanted, baton, notes);
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
      : await primed(wanted.head, growingFrames(wanted, baton, notes, request.signal), wanted, baton, notes);
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
): Promise<Reply['body']> {
  const askedAt = performance.now();
  const first = await frames.next();
  notes.firstAudioAt = performance.now();
  if (wanted.frames.kind === 'relayed') notes.meter.sourceMs = notes.firstAudioAt - askedAt;
  baton.sources.startIndex(wanted.source);
  return following(first.done === true ? [head] : [head, first.value], frames);
}

function describe(wanted: VirtualFile, lastModified: string | null, link: Link, baton: Baton): Headers {
  return {
    'content-type': 'audio/mpeg',
    'accept-ranges': 'bytes',
    'cache-control': cacheControl(link, baton),
    'content-disposition': disposition(wanted.source.record.tags.title, link.name),
    ...(wanted.etag === null ? {} : { etag: wanted.etag }),
    ...(lastModified === null ? {} : { 'last-modified': lastModified }),
  };
}

/** The real title; `name` is for clients that read ASCII alone. */
function disposition(title: string | undefined, name: string): string {
  const fileName = title === undefined ? name : `${title.slice(0, MAX_TITLE).toWellFormed()}.mp3`;
  return contentDisposition(fileName, { type: 'inline', fallback: name });
}

/** The source may change at any look at it; a private link is not kept beyond its expiry. */
function cacheControl({ expiresAt }: Link, baton: Baton): string {
  const fresh = Math.floor(baton.config.revalidateMs / 1000);
  if (expiresAt === null) return `public, max-age=${fresh}, no-transform`;
  return `private, max-age=${Math.max(0, Math.min(fresh, Math.floor(expiresAt - baton.now() / 1000)))}, no-transform`;
}

/** A 304 says nothing of the content it does not send (RFC 9110 section 15.4.5). */
const bare = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'content-type' && name !== 'content-disposition'),
  );
