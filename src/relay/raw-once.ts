import { BatonError } from '../errors.ts';
import { serverTiming } from '../meter/usage.ts';
import { bodyLength } from '../net/body.ts';
import type { Opened } from '../net/open.ts';
import { parseContentRange } from '../net/range.ts';
import type { Link } from '../sign/link.ts';
import { statusError } from '../source/status.ts';
import type { ByteRange, Bytes } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { following, upToClosing } from './body.ts';
import { collect } from './collect.ts';
import { httpDate } from './conditional.ts';
import { bare } from './file-headers.ts';
import { describePayload } from './raw-headers.ts';
import type { RawOptions } from './raw-options.ts';
import type { Headers, Reply, Request } from './reply.ts';

/**
 * A source as it is, in one request to its origin, which answers for ranges and conditions: what segments of HLS want,
 * of which there are many, each asked for once. A body that breaks off is cut; whoever plays it asks again.
 */
export async function rawOnce(
  request: Request,
  link: Link,
  options: RawOptions,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  const asked = rangeOf(request);
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  const startedAt = performance.now();
  const opened = await baton.net.open(link.source, {
    ...{ method, signal: request.signal, headers: conditions(request) },
    ...(asked === null ? {} : asked.end === Infinity ? { start: asked.start } : asked),
  });
  notes.meter.probeMs = performance.now() - startedAt;
  try {
    return await reply(opened, asked, link, options, request, baton, notes);
  } catch (thrown) {
    opened.close();
    throw thrown;
  }
}

async function reply(
  opened: Opened,
  asked: ByteRange | null,
  link: Link,
  options: RawOptions,
  request: Request,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  const { status, headers: given, url } = opened;
  const headers = headersOf(opened, link, options, baton);
  if (status === 304) {
    opened.close();
    return { status, headers: bare(headers), body: null };
  }
  if (status === 416 && asked !== null) {
    notes.errorHeaders = { 'accept-ranges': 'bytes', ...unsatisfied(given['content-range']) };
    throw new BatonError('RANGE_NOT_SATISFIABLE', url);
  }
  if (status !== 200 && status !== 206) throw statusError(status, url);
  const whole = bodyLength(status, given);
  if (whole === null && Object.keys(given).some((name) => name.startsWith('icy-')))
    throw new BatonError('SOURCE_TOO_LARGE', `radio without end at ${url}`);
  const cut = status === 206 ? partOf(opened, asked) : asked === null ? null : within(asked, whole, url);
  if (cut !== null) headers['content-range'] = `bytes ${cut.start}-${cut.end - 1}/${cut.size ?? '*'}`;
  const length = cut === null ? whole : cut.end - cut.start;
  if (length !== null) headers['content-length'] = String(length);
  const answered = cut === null ? 200 : 206;
  if (request.method === 'HEAD') return { status: answered, headers, body: null };
  const { limits } = request;
  if (limits.collectMs !== null && (length ?? 0) > limits.wholeBytes)
    throw new BatonError('RESPONSE_LIMIT', `${length ?? 0} bytes`);
  const skip = status === 200 && cut !== null ? cut.start : 0;
  const body = await begun(sliced(opened, skip, length, notes), length ?? Infinity, request, notes);
  headers['server-timing'] = serverTiming(notes.meter);
  return { status: answered, headers, body: limits.collectMs === null ? body : await collect(body, false) };
}

/** What of one range an origin can be asked; others are answered with all of it. */
function rangeOf({ headers }: Request): ByteRange | null {
  if (headers['if-range'] !== undefined) return null;
  const [, first = '', last = ''] = /^bytes=(\d{1,15})-(\d{0,15})$/i.exec(headers['range'] ?? '') ?? [];
  if (first === '') return null;
  const range = { start: Number(first), end: last === '' ? Infinity : Number(last) + 1 };
  return range.end > range.start ? range : null;
}

function conditions({ headers }: Request): Record<string, string> {
  const names = ['if-none-match', 'if-modified-since'] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return value !== undefined && /^[\x21-\x7e ]{1,200}$/.test(value) ? [[name, value]] : [];
    }),
  );
}

function headersOf({ headers }: Opened, link: Link, options: RawOptions, baton: Baton): Headers {
  const tag = headers['etag'] ?? '';
  const validators = {
    etag: /^(?:W\/)?"[\x21\x23-\x7e]{1,100}"$/.test(tag) ? tag : null,
    lastModified: httpDate(headers['last-modified'] ?? null, baton.now()),
  };
  const isKept = !/\b(?:no-store|private|no-cache)\b/i.test(headers['cache-control'] ?? '');
  const described = describePayload(headers['content-type'] ?? null, validators, options, link, baton);
  return { ...described, 'accept-ranges': 'bytes', ...(isKept ? {} : { 'cache-control': 'no-store' }) };
}

const unsatisfied = (contentRange: string | undefined): Headers =>
  contentRange !== undefined && /^bytes \*\/\d{1,15}$/.test(contentRange) ? { 'content-range': contentRange } : {};

interface Cut extends ByteRange {
  readonly size: Bytes | null;
}

/** What the origin gives, which must be from where it was asked to. */
function partOf({ headers, url }: Opened, asked: ByteRange | null): Cut {
  const part = parseContentRange(headers['content-range']);
  if (part?.range.start !== asked?.start || part === null || part.range.end > (asked?.end ?? 0))
    throw new BatonError('SOURCE_FAILED', `another range from ${url}`);
  return { ...part.range, size: part.size };
}

/** An origin without ranges is read through up to here. */
const READ_THROUGH: Bytes = 4 * 2 ** 20;

/** What was asked, of the whole that the origin gives; null: of unknown length, and all of it. */
function within(asked: ByteRange, whole: Bytes | null, url: string): Cut | null {
  if (asked.start === 0 && (asked.end === Infinity || asked.end === whole)) return null;
  const end = Math.min(asked.end, whole ?? asked.end);
  if (asked.start > READ_THROUGH || end === Infinity) throw new BatonError('RANGES_UNSUPPORTED', url);
  if (end <= asked.start) throw new BatonError('RANGE_NOT_SATISFIABLE', url);
  return { start: asked.start, end, size: whole };
}

/** `length` bytes of the body behind the first `skip`; all where it is null. */
async function* sliced(
  opened: Opened,
  skip: Bytes,
  length: Bytes | null,
  notes: Notes,
): AsyncGenerator<Uint8Array, void> {
  let before = skip;
  let left = length ?? Infinity;
  try {
    if (left === 0) return;
    for await (const piece of opened.body) {
      notes.meter.sourceBytes += piece.length;
      const wanted = before === 0 && piece.length <= left ? piece : piece.subarray(before, before + left);
      before = Math.max(0, before - piece.length);
      left -= wanted.length;
      if (wanted.length > 0) yield wanted;
      if (left === 0 && wanted !== piece) return; // else read to its end, which costs less than to be left before it
    }
    if (left > 0 && left !== Infinity)
      throw new BatonError('SOURCE_CUT', `${left} bytes are missing from ${opened.url}`);
  } finally {
    opened.close();
  }
}

/** The first piece is there when this resolves. */
async function begun(
  from: AsyncGenerator<Uint8Array, void>,
  length: Bytes,
  { signal, closing }: Request,
  notes: Notes,
): Promise<AsyncIterable<Uint8Array>> {
  const askedAt = performance.now();
  const first = await from.next();
  notes.meter.sourceMs = performance.now() - askedAt;
  if (signal.aborted) await from.return();
  signal.throwIfAborted();
  if (first.done === true) return following([], from);
  notes.firstAudioAt = performance.now();
  return following([first.value], upToClosing(from, length - first.value.length, closing));
}
