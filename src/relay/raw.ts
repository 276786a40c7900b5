import { BatonError } from '../errors.ts';
import { serverTiming } from '../meter/usage.ts';
import { contentRange, parseRange, unsatisfiedRange } from '../net/range.ts';
import type { Link } from '../sign/link.ts';
import type { Payload } from '../source/payload.ts';
import type { Whole } from '../source/payloads.ts';
import type { ByteRange, Bytes } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { following, upToClosing } from './body.ts';
import { collect, collecting } from './collect.ts';
import { isNotModified, rangeApplies } from './conditional.ts';
import { bare } from './file-headers.ts';
import { comparable, describeRaw, rawValidators } from './raw-headers.ts';
import { rawOnce } from './raw-once.ts';
import { parseRawOptions, type RawOptions } from './raw-options.ts';
import type { Headers, Reply, Request } from './reply.ts';

/**
 * A source as it is, byte for byte, whatever it holds and however long it is: GET and HEAD, conditional requests, single
 * ranges (a request for several gets the whole). Where the origin breaks off, its rest is asked for without the listener
 * noticing; where it changes, the body is cut. Without ranges at the origin there are none here. A GET's head waits for
 * the first byte, so that a failure still has a status.
 */
export async function raw(request: Request, baton: Baton, notes: Notes): Promise<Reply> {
  const link = baton.readLink(request.path, baton.now() / 1000);
  if (link.kind !== 'raw') throw new BatonError('NOT_FOUND', link.kind);
  const options = parseRawOptions(link.options);
  notes.rendition = link.options;
  if (options.readsOnce) return await rawOnce(request, link, options, baton, notes);
  const whole = await open(link, request, baton, notes);
  const replied = await reply(whole, link, options, request, baton, notes).catch(async (thrown: unknown) => {
    await whole.body?.return();
    throw thrown;
  });
  if (replied.body === null) await whole.body?.return();
  return replied;
}

async function open(link: Link, { method, signal }: Request, { payloads }: Baton, { meter }: Notes): Promise<Whole> {
  const startedAt = performance.now();
  const whole =
    method === 'HEAD'
      ? { payload: await payloads.open(link.source, signal, meter), body: null }
      : await payloads.openWhole(link.source, signal, meter);
  meter.probeMs = performance.now() - startedAt;
  return whole;
}

async function reply(
  whole: Whole,
  link: Link,
  options: RawOptions,
  request: Request,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  const { payload } = whole;
  const { size, ranges } = payload.pin;
  const validators = rawValidators(payload, baton);
  const headers = describeRaw(payload, validators, options, link, baton);
  if (isNotModified(request.headers, comparable(validators)))
    return { status: 304, headers: bare(headers), body: null };
  const isFree = rangeApplies(request.headers, comparable(validators), baton.now());
  const isPart = ranges && isFree && request.method === 'GET';
  const asked = parseRange(isPart ? request.headers['range'] : undefined, size ?? 0);
  if (asked.kind === 'unsatisfiable') {
    notes.errorHeaders = { 'content-range': unsatisfiedRange(size ?? 0), 'accept-ranges': 'bytes' };
    throw new BatonError('RANGE_NOT_SATISFIABLE', request.headers['range']);
  }
  if (asked.kind === 'part') return await part(payload, asked.range, headers, request, baton, notes);
  if (size !== null) headers['content-length'] = String(size);
  if (request.method === 'HEAD') return { status: 200, headers, body: null };
  const elsewhere = (size ?? 0) > request.limits.wholeBytes && options.mayRedirect ? openAddress(link) : null;
  if (elsewhere !== null) return redirect(elsewhere);
  requireRoom(payload, isFree, request);
  const from = whole.body ?? readFrom(payload, { start: 0, end: size ?? 0 }, request.signal, baton, notes);
  const body = await begun(from, size ?? Infinity, request, request.closing, notes);
  headers['server-timing'] = serverTiming(notes.meter);
  return { status: 200, headers, body: request.limits.collectMs === null ? body : await collect(body, false) };
}

/** As many bytes of `range` as one response may hold, or as there was time for. */
async function part(
  payload: Payload,
  range: ByteRange,
  headers: Headers,
  request: Request,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  const { partBytes, collectMs } = request.limits;
  const wanted = { start: range.start, end: Math.min(range.end, range.start + partBytes) };
  using ends = collecting(request, true);
  const from = readFrom(payload, wanted, request.signal, baton, notes);
  const stream = await begun(from, wanted.end - wanted.start, request, ends.closing, notes);
  const body = collectMs === null ? stream : await collect(stream, true);
  const sent = body instanceof Uint8Array ? { start: wanted.start, end: wanted.start + body.length } : wanted;
  headers['content-length'] = String(sent.end - sent.start);
  headers['content-range'] = contentRange(sent, payload.pin.size ?? 0);
  headers['server-timing'] = serverTiming(notes.meter);
  return { status: 206, headers, body };
}

const readFrom = (
  payload: Payload,
  range: ByteRange,
  signal: AbortSignal,
  baton: Baton,
  { meter }: Notes,
): AsyncGenerator<Uint8Array, void> => baton.payloads.readerOf(payload)(range, signal, meter);

/** The first piece is there when this resolves. */
async function begun(
  from: AsyncGenerator<Uint8Array, void>,
  length: Bytes,
  { signal }: Request,
  closing: AbortSignal,
  notes: Notes,
): Promise<AsyncIterable<Uint8Array>> {
  const askedAt = performance.now();
  const first = await from.next();
  signal.throwIfAborted();
  notes.meter.sourceMs = performance.now() - askedAt;
  if (first.done === true) return following([], from);
  notes.firstAudioAt = performance.now();
  return following([first.value], upToClosing(from, length - first.value.length, closing));
}

/** Who cannot send all of it at once says why: the source is another one by now, has no parts, or must be had in parts. */
function requireRoom({ pin }: Payload, isFree: boolean, { limits, headers }: Request): void {
  if (limits.collectMs === null || (pin.size ?? Infinity) <= limits.wholeBytes) return;
  if (!pin.ranges) throw new BatonError('RANGES_UNSUPPORTED', `${pin.size ?? 'unknown'} bytes`);
  const isResumed = headers['range'] !== undefined && !isFree;
  throw isResumed ? new BatonError('FILE_CHANGED') : new BatonError('RESPONSE_LIMIT', `${pin.size ?? 0} bytes`);
}

/** The source's address, where the link does not hide it and a browser can go there. */
const openAddress = ({ source, rest }: Link): string | null =>
  /^https?:/.test(source) && rest.split('/')[1]?.startsWith('~') === false ? source : null;

const redirect = (location: string): Reply => ({
  status: 302,
  headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  body: null,
});
