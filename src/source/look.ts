import { BatonError, hasCode } from '../errors.ts';
import type { Net, Opened } from '../net/open.ts';
import { parseContentRange } from '../net/range.ts';
import type { Bytes } from '../units.ts';
import { type Validators, validatorsOf } from './pin.ts';
import type { SourceMeter } from './reader.ts';
import { backOff, RETRIES } from './retry.ts';
import { isBusy, statusError } from './status.ts';
import { take } from './take.ts';

/** The first look at a source: where it is, and how it starts. */
export interface Look {
  readonly finalUrl: string;
  readonly validators: Validators;
  /** Content-Type as it was sent; null when there was none. */
  readonly type: string | null;
  /** Null when the origin does not say. */
  readonly size: Bytes | null;
  /** The first 64 kB, or all of a shorter source; less where an origin gives less than it was asked for. */
  readonly head: Uint8Array;
  /** Null when ranges are honoured; else the whole body from its start, to be read to its end or returned. */
  readonly body: AsyncGenerator<Uint8Array, void> | null;
}

/** How much the first look reads. */
export const HEAD_BYTES: Bytes = 65_536;

/**
 * Opens `url` and reads its first 64 kB. `signal` governs the body, too.
 *
 * Throws SOURCE_MISSING, SOURCE_PRIVATE, SOURCE_FAILED, SOURCE_EMPTY, SOURCE_TOO_LARGE (radio) and what `Net.open` does.
 */
export async function look(net: Net, url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Look> {
  for (let failures = 1; ; failures++) {
    let pause: string | undefined;
    try {
      const opened = await net.open(url, { start: 0, end: HEAD_BYTES, signal });
      if (!isBusy(opened.status) || failures > RETRIES) return await read(net, url, opened, signal, meter);
      opened.close();
      pause = opened.headers['retry-after'];
    } catch (error) {
      if (signal.aborted || !hasCode(error, 'SOURCE_CUT') || failures > RETRIES) throw error;
    }
    await backOff(failures, pause, signal);
  }
}

async function read(net: Net, url: string, opened: Opened, signal: AbortSignal, meter?: SourceMeter): Promise<Look> {
  const { status } = opened;
  if (status === 206) return await readPart(net, url, opened, signal, meter);
  if (status === 200) return await readWhole(opened, meter);
  opened.close();
  if (status === 416) return await readWhole(await reopen(net, url, signal), meter); // empty, or afraid of ranges
  throw statusError(status, opened.url);
}

async function readPart(
  net: Net,
  url: string,
  opened: Opened,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Look> {
  const part = parseContentRange(opened.headers['content-range']);
  if (part?.size == null || part.range.start !== 0) {
    opened.close();
    return await readWhole(await reopen(net, url, signal), meter);
  }
  const wanted = Math.min(HEAD_BYTES, part.size);
  const body = counted(opened.body, meter);
  const head = (await take(body, wanted)).subarray(0, wanted);
  // Reading on to the announced end keeps the connection for the next request.
  if ((await body.next()).done !== true) await body.return();
  return { ...seen(opened), size: part.size, head, body: null };
}

async function readWhole(opened: Opened, meter?: SourceMeter): Promise<Look> {
  const length = opened.headers['content-length'];
  const size = length === undefined ? null : Number(length);
  if (size === null && Object.keys(opened.headers).some((name) => name.startsWith('icy-'))) {
    opened.close();
    throw new BatonError('SOURCE_TOO_LARGE', `radio without end at ${opened.url}`);
  }
  const body = counted(opened.body, meter);
  const opening = await take(body, HEAD_BYTES);
  if (opening.length === 0) throw new BatonError('SOURCE_EMPTY', opened.url);
  const head = opening.subarray(0, HEAD_BYTES);
  const whole = chain(opening, body);
  await whole.next(); // a generator that nobody has started ignores return()
  return { ...seen(opened), size, head, body: whole };
}

const seen = ({ url, headers }: Opened): Pick<Look, 'finalUrl' | 'validators' | 'type'> => ({
  finalUrl: url,
  validators: validatorsOf(headers),
  type: headers['content-type'] ?? null,
});

async function reopen(net: Net, url: string, signal: AbortSignal): Promise<Opened> {
  const opened = await net.open(url, { signal });
  if (opened.status === 200) return opened;
  opened.close();
  throw statusError(opened.status, opened.url);
}

async function* counted(body: AsyncIterable<Uint8Array>, meter?: SourceMeter): AsyncGenerator<Uint8Array, void> {
  for await (const piece of body) {
    if (meter) meter.sourceBytes += piece.length;
    yield piece;
  }
}

/** Gives nothing at first, so that it can be started before it is read. */
async function* chain(first: Uint8Array, rest: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
  try {
    yield new Uint8Array();
    yield first;
    yield* rest;
  } finally {
    await rest.return();
  }
}
