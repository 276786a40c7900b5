import { BatonError } from '../errors.ts';
import type { Net, Opened } from '../net/open.ts';
import { parseContentRange } from '../net/range.ts';
import type { ByteRange, Bytes, Milliseconds } from '../units.ts';
import type { SourceMeter } from './reader.ts';
import { backOff, isPassing, RETRIES } from './retry.ts';
import { isBusy, statusError } from './status.ts';

/** What is asked for, and how much of it is put up with. */
export interface Fetch {
  readonly url: string;
  /** Null: all of it. */
  readonly range: ByteRange | null;
  readonly maxBytes: Bytes;
  /** For all of it, with every try. */
  readonly withinMs: Milliseconds;
  /** How often it is tried again; 3 by default. */
  readonly retries?: number;
}

export interface Fetched {
  readonly bytes: Uint8Array;
  /** The address that answered, after redirects. */
  readonly url: string;
}

/**
 * All bytes of a small thing. Tries again where a server is busy or a connection broke.
 * @throws SOURCE_TOO_LARGE, SOURCE_SLOW (not there in time), SOURCE_CUT (fewer bytes than the range has), and what
 * `statusError` and `Net.open` say
 */
export async function fetchWhole(
  net: Pick<Net, 'open'>,
  wanted: Fetch,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Fetched> {
  return await inTime(wanted, signal, (stop) => persist(net, wanted, stop, (opened) => take(opened, wanted, meter)));
}

async function inTime<T>(wanted: Fetch, signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new BatonError('SOURCE_SLOW', `${wanted.url} took more than ${wanted.withinMs} ms`));
  }, wanted.withinMs);
  try {
    return await run(AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}

/** The beginning of a thing. */
export interface Beginning {
  readonly bytes: Uint8Array;
  /** Of all of it; null where nobody says. */
  readonly size: Bytes | null;
}

/** The first `maxBytes` bytes of what is wanted, fewer where it is smaller, or empty. Tries again and throws as `fetchWhole`. */
export async function fetchBeginning(
  net: Pick<Net, 'open'>,
  wanted: Fetch,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Beginning> {
  const { range, maxBytes } = wanted;
  const start = range?.start ?? 0;
  const part = { start, end: Math.min(range?.end ?? Infinity, start + maxBytes) };
  return await inTime(wanted, signal, (stop) =>
    persist(net, { ...wanted, range: part }, stop, (opened) => takeBeginning(opened, part, range, meter), start === 0),
  );
}

async function takeBeginning(
  opened: Opened,
  { start, end }: ByteRange,
  whole: ByteRange | null,
  meter: SourceMeter | undefined,
): Promise<Beginning> {
  const { status, headers, url, body } = opened;
  try {
    if (status === UNSATISFIABLE) return { bytes: new Uint8Array(), size: 0 };
    const found = status === 206 ? parseContentRange(headers['content-range']) : null;
    if (status === 206 && found?.range.start !== start)
      throw new BatonError('SOURCE_FAILED', `wrong range from ${url}`);
    const skip = status === 206 ? 0 : start;
    if (skip > MOST_SKIPPED) throw new BatonError('SOURCE_TOO_LARGE', `no ranges at ${url}`);
    const pieces: Uint8Array[] = [];
    let seen: Bytes = 0;
    for await (const piece of body) {
      if (meter) meter.sourceBytes += piece.length;
      pieces.push(piece.subarray(Math.max(0, skip - seen), Math.max(0, skip + end - start - seen)));
      seen += piece.length;
      if (seen >= skip + end - start) break;
    }
    const length = status === 200 ? Number(headers['content-length'] ?? NaN) : NaN;
    const size = whole === null ? (found?.size ?? length) : whole.end - whole.start;
    return { bytes: Buffer.concat(pieces), size: Number.isFinite(size) ? size : null };
  } finally {
    opened.close();
  }
}

/** Of what is empty no range is satisfied, even from its beginning (RFC 9110 14.1.2). */
const UNSATISFIABLE = 416;

async function persist<T>(
  net: Pick<Net, 'open'>,
  wanted: Fetch,
  signal: AbortSignal,
  takeAll: (opened: Opened) => Promise<T>,
  mayBeEmpty = false,
): Promise<T> {
  const retries = wanted.retries ?? RETRIES;
  for (let failures = 1; ; failures++) {
    let pause: string | undefined;
    try {
      const opened = await net.open(wanted.url, { ...wanted.range, signal });
      const { status } = opened;
      const isThere = status === 200 || status === 206 || (mayBeEmpty && status === UNSATISFIABLE);
      if (isThere) return await takeAll(opened);
      opened.close();
      if (!isBusy(status) || failures > retries) throw statusError(status, opened.url);
      pause = opened.headers['retry-after'];
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error) || failures > retries) throw error;
    }
    await backOff(failures, pause, signal);
  }
}

async function take(opened: Opened, { range, maxBytes }: Fetch, meter: SourceMeter | undefined): Promise<Fetched> {
  const { status, headers, url, body } = opened;
  try {
    const from = status === 206 ? parseContentRange(headers['content-range'])?.range.start : 0;
    if (status === 206 && (range === null || from !== range.start))
      throw new BatonError('SOURCE_FAILED', `wrong range from ${url}`);
    const skip = (range?.start ?? 0) - (from ?? 0);
    const most = Math.min(maxBytes, range === null ? Infinity : range.end - range.start);
    const pieces: Uint8Array[] = [];
    let seen: Bytes = 0;
    let length: Bytes = 0;
    for await (const piece of body) {
      if (meter) meter.sourceBytes += piece.length;
      const part = piece.subarray(Math.max(0, skip - seen), Math.max(0, skip + most + 1 - seen));
      seen += piece.length;
      if (seen > maxBytes + skip || skip > MOST_SKIPPED)
        throw new BatonError('SOURCE_TOO_LARGE', `more than ${maxBytes} bytes from ${url}`);
      length += part.length;
      pieces.push(part);
      if (range !== null && length >= most) break;
    }
    if (range !== null && length < most) throw new BatonError('SOURCE_CUT', `${length} of ${most} bytes from ${url}`);
    const bytes = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
    return { url, bytes: range === null ? bytes : bytes.subarray(0, most) };
  } finally {
    opened.close();
  }
}

/** Where a server knows no ranges, all before is read. */
const MOST_SKIPPED: Bytes = 64 * 2 ** 20;
