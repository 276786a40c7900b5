import { hasCode } from '../errors.ts';
import type { Net, Opened } from '../net/open.ts';
import { parseContentRange } from '../net/range.ts';
import { confirms, contradicts, type Pin, strongValidator, validatorsOf } from './pin.ts';
import type { SourceMeter } from './reader.ts';
import { type Identity, isSame, resolve } from './resolve.ts';
import { isBusy, isGone } from './status.ts';

/** `unknown`: the origin cannot tell at the moment. */
export type Verdict = 'same' | 'changed' | 'gone' | 'unknown';

/** A source as it was seen the last time. */
export interface Known {
  readonly url: string;
  readonly record: Identity;
  readonly pin: Pin;
}

/** Asks the pinned address in as few bytes as possible whether the source is still the same. Throws only the reason of `signal`. */
export async function revalidate(net: Net, source: Known, signal: AbortSignal, meter?: SourceMeter): Promise<Verdict> {
  try {
    return strongValidator(source.pin) === null
      ? await compare(net, source, signal, meter)
      : await ask(net, source.pin, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'SOURCE_MISSING', 'SOURCE_PRIVATE', 'SOURCE_REFUSED', 'SOURCE_EMPTY')) return 'gone';
    if (hasCode(error, 'SOURCE_CHANGED')) return 'changed';
    return 'unknown';
  }
}

/** Without a validator only the bytes can tell. */
async function compare(net: Net, source: Known, signal: AbortSignal, meter?: SourceMeter): Promise<Verdict> {
  const { url, pin, record } = source;
  const { look, identity } = await resolve(net, url, pin.finalUrl, signal, meter);
  try {
    return isSame(record, await identity) ? 'same' : 'changed';
  } finally {
    await look.body?.return();
  }
}

async function ask(net: Net, pin: Pin, signal: AbortSignal): Promise<Verdict> {
  const strong = strongValidator(pin) ?? '';
  const opened = pin.ranges
    ? await net.open(pin.finalUrl, { start: 0, end: 1, headers: { 'if-range': strong }, signal })
    : await net.open(pin.finalUrl, { headers: conditions(pin), signal });
  try {
    return judge(opened, pin);
  } finally {
    opened.close();
  }
}

function judge({ status, headers }: Opened, pin: Pin): Verdict {
  if (status === 304) return 'same';
  if (isBusy(status)) return 'unknown';
  if (isGone(status)) return 'gone';
  const now = validatorsOf(headers);
  if (status === 206) {
    const size = parseContentRange(headers['content-range'])?.size ?? null;
    return (size === null || size === pin.size) && !contradicts(pin, now) ? 'same' : 'changed';
  }
  const size = headers['content-length'] === undefined ? null : Number(headers['content-length']);
  return status === 200 && size === pin.size && confirms(pin, now) ? 'same' : 'changed';
}

const conditions = ({ etag, modified }: Pin): Record<string, string> => ({
  ...(etag === null ? {} : { 'if-none-match': etag }),
  ...(modified === null ? {} : { 'if-modified-since': modified }),
});
