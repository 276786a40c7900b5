import { BatonError, hasCode } from '../errors.ts';
import type { Net, Opened } from '../net/open.ts';
import { parseContentRange } from '../net/range.ts';
import type { ByteRange, Bytes } from '../units.ts';
import { confirms, contradicts, type Pin, strongValidator, validatorsOf } from './pin.ts';
import { backOff, isPassing, RETRIES } from './retry.ts';
import { isBusy, isGone, statusError } from './status.ts';

/** Counts what was read from the origin on behalf of a request. */
export interface SourceMeter {
  sourceBytes: Bytes;
}

/** Gives exactly the bytes of a range, in order; fails rather than give others. */
export type ReadBytes = (
  range: ByteRange,
  signal: AbortSignal,
  meter?: SourceMeter,
) => AsyncGenerator<Uint8Array, void>;

/** How a reader finds its version of a source, and tells what it sees. */
export interface Pinned {
  /** The newest pin of this version. */
  pin(): Pin;
  /** The pinned address is gone: resolves the link again. Throws SOURCE_CHANGED when it now leads elsewhere. */
  repin(used: Pin, signal: AbortSignal): Promise<void>;
  /** The source was seen to have changed. */
  markStale(): void;
}

/** An origin that ignores Range for once is read through up to here; beyond it, it is asked again. */
const READ_THROUGH: Bytes = 4 * 2 ** 20;

/**
 * Reads a range of one version of a source. Goes on where a connection broke, resolves the link again when its pinned
 * address is gone, and throws SOURCE_CHANGED as soon as the answer belongs to other bytes.
 */
export function pinnedReader(net: Net, pinned: Pinned): ReadBytes {
  return async function* read({ start, end }, signal, meter) {
    let at = start;
    let failures = 0;
    let repinned = false;
    while (at < end) {
      const rest = { start: at, end };
      let pause: string | undefined;
      try {
        const pin = pinned.pin();
        const opened = await ask(net, pin, rest, signal);
        const verdict = judge(opened, pin, rest);
        if (verdict === 'bytes') {
          for await (const piece of bytesOf(opened, rest, meter)) {
            at += piece.length;
            yield piece;
          }
        } else {
          opened.close();
        }
        if (at > rest.start) continue;
        if (verdict === 'gone' && !repinned) {
          repinned = true;
          await pinned.repin(pin, signal);
          continue;
        }
        if (verdict === 'bytes') throw new BatonError('SOURCE_CUT', `nothing at ${at} of ${opened.url}`);
        if (verdict === 'gone' || ++failures > RETRIES) throw statusError(opened.status, opened.url);
        pause = opened.headers['retry-after'];
      } catch (error) {
        signal.throwIfAborted();
        if (hasCode(error, 'SOURCE_CHANGED')) pinned.markStale();
        if (at > rest.start) failures = 0;
        if (!isPassing(error) || ++failures > RETRIES) throw error;
      }
      await backOff(failures, pause, signal);
    }
  };
}

function ask(net: Net, pin: Pin, range: ByteRange, signal: AbortSignal): Promise<Opened> {
  const condition = strongValidator(pin);
  return net.open(pin.finalUrl, { ...range, signal, ...(condition ? { headers: { 'if-range': condition } } : {}) });
}

/** Whether the answer brings the wanted bytes; throws SOURCE_CHANGED when it belongs to another version. */
function judge(opened: Opened, pin: Pin, range: ByteRange): 'bytes' | 'gone' | 'busy' {
  const { status, headers, url } = opened;
  if (isGone(status)) return 'gone';
  if (isBusy(status)) return 'busy';
  try {
    if (status === 206) checkPart(opened, pin, range);
    else checkWhole(opened, pin);
    if (contradicts(pin, validatorsOf(headers))) throw changed(`other validators from ${url}`);
  } catch (error) {
    opened.close();
    throw error;
  }
  return status === 200 && range.start > READ_THROUGH ? 'busy' : 'bytes';
}

function checkPart({ headers, url }: Opened, pin: Pin, range: ByteRange): void {
  const part = parseContentRange(headers['content-range']);
  if (part?.range.start !== range.start) throw new BatonError('SOURCE_FAILED', `wrong range from ${url}`);
  if (part.size !== null && part.size !== pin.size) throw changed(`${part.size} bytes from ${url}`);
}

/** 200 answers If-Range when the source has changed; and some caches send it for what they do not hold yet. */
function checkWhole({ status, headers, url }: Opened, pin: Pin): void {
  const same = confirms(pin, validatorsOf(headers)) && Number(headers['content-length']) === pin.size;
  if (status !== 200 || !same) throw changed(`${status} from ${url}`);
}

async function* bytesOf(opened: Opened, range: ByteRange, meter: SourceMeter | undefined): AsyncGenerator<Uint8Array> {
  let skip: Bytes = opened.status === 200 ? range.start : 0;
  let left: Bytes = range.end - range.start;
  for await (const piece of opened.body) {
    if (meter) meter.sourceBytes += piece.length;
    const wanted = piece.subarray(skip, skip + left);
    skip = Math.max(0, skip - piece.length);
    left -= wanted.length;
    if (wanted.length > 0) yield wanted;
    if (left === 0) return;
  }
}

const changed = (detail: string): BatonError => new BatonError('SOURCE_CHANGED', detail);
