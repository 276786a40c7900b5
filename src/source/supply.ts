import { BatonError } from '../errors.ts';
import type { Net } from '../net/open.ts';
import type { Store } from '../store/store.ts';
import type { Bytes } from '../units.ts';
import type { Blocks } from './blocks.ts';
import type { HlsSupply } from './hls-supply.ts';
import { contradicts, type Pin, validatorsOf } from './pin.ts';
import { type Pinned, pinnedReader, type ReadBytes } from './reader.ts';
import { openSpool } from './spool.ts';
import { statusError } from './status.ts';

/** How the bytes of one version of a source are read. */
export interface Supply {
  /** For packets: keeps what it reads, since chunks overlap and several listeners hear the same. */
  readonly read: ReadBytes;
  /** For long runs, of which nothing is read twice. */
  readonly stream: ReadBytes;
  /** Resolves when nothing is read for later. */
  idle(): Promise<void>;
  close(): void;
  /** Of a playlist of HLS, which has segments and no bytes of its own. */
  readonly hls?: HlsSupply;
}

/** From segments. */
export function segmentSupply(hls: HlsSupply): Supply {
  const read: ReadBytes = () => {
    throw new BatonError('INTERNAL', 'a playlist has no bytes of its own');
  };
  return { read, stream: read, hls, idle: () => Promise.resolve(), close: () => undefined };
}

/** From an origin with ranges. `id` names the blocks of this version in the cache. */
export function rangedSupply(net: Net, blocks: Blocks, id: string, size: Bytes | null, pinned: Pinned): Supply {
  const stream = pinnedReader(net, pinned);
  return { stream, read: blocks.reader(id, size ?? 0, stream), idle: () => Promise.resolve(), close: () => undefined };
}

/**
 * From an origin without ranges, by way of the store. `body` is a download that `stop` ends and that has begun already;
 * without it, one begins when the store lacks something. Throws SOURCE_TOO_LARGE.
 */
export function spooledSupply(
  net: Net,
  store: Store,
  maxBytes: Bytes,
  pinned: Pinned,
  body?: AsyncGenerator<Uint8Array, void>,
  stop?: AbortController,
): Supply {
  const { version, size } = pinned.pin();
  const fetch = (signal: AbortSignal) => wholeBody(net, pinned, signal);
  const spool = openSpool({ store, version, size, maxBytes, fetch }, body, stop);
  return { read: spool.read, stream: spool.read, idle: () => spool.idle(), close: () => spool.close() };
}

async function wholeBody(net: Net, pinned: Pinned, signal: AbortSignal): Promise<AsyncGenerator<Uint8Array, void>> {
  const pin = pinned.pin();
  const opened = await net.open(pin.finalUrl, { signal });
  const failure =
    opened.status !== 200
      ? statusError(opened.status, opened.url)
      : differs(pin, opened.headers)
        ? new BatonError('SOURCE_CHANGED', `another body from ${opened.url}`)
        : null;
  if (failure === null) return pieces(opened.body);
  opened.close();
  if (failure.code === 'SOURCE_CHANGED') pinned.markStale();
  throw failure;
}

function differs(pin: Pin, headers: Readonly<Record<string, string>>): boolean {
  const length = headers['content-length'];
  return contradicts(pin, validatorsOf(headers)) || (length !== undefined && Number(length) !== pin.size);
}

async function* pieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* body;
}
