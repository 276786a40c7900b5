import { Readable } from 'node:stream';
import { BatonError } from '../errors.ts';
import type { Incoming } from '../net/body.ts';
import type { Answer } from '../net/follow.ts';
import type { S3Source } from '../net/s3-source.ts';
import { parseShowAddress } from '../show-address.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { EndBatch } from './batch.ts';
import type { ShowName, ShowStore } from './show-store.ts';
import { streamType } from './writer.ts';

/** Shows that have ended, by name; none is remembered for ever. */
const REMEMBERED = 64;
/** Nobody takes up a show again of which nothing came for so long. */
export const ABANDONED_MS: Milliseconds = 600_000;

/**
 * Recordings as sources: `ingest://channel/show` answers like a file on a server that has ranges and a strong ETag.
 * One that is still on air throws SHOW_UNFINISHED; one that was left and never ended is ended now.
 */
export function recordings(shows: ShowStore, now: () => Milliseconds): Pick<S3Source, 'ask'> {
  const known = new Map<string, EndBatch>();

  async function endOf(name: ShowName, signal: AbortSignal): Promise<EndBatch | null> {
    const key = `${name.channel}/${name.show}`;
    const end = known.get(key) ?? (await find(name, signal));
    if (end === null) return null;
    known.delete(key);
    known.set(key, end);
    for (const oldest of known.keys()) if (known.size > REMEMBERED) known.delete(oldest);
    return end;
  }

  async function find(name: ShowName, signal: AbortSignal): Promise<EndBatch | null> {
    const last = await shows.last(name, signal);
    if (last === null) return null;
    if (last.batch.kind === 'end') return last.batch;
    if (now() - last.batch.writtenAt < ABANDONED_MS) throw new BatonError('SHOW_UNFINISHED', name.show);
    return await shows.finish(name, now(), signal);
  }

  return {
    ask: async (url, ask, signal) => {
      const { channel, show } = parseShowAddress(url.href);
      if (show === null) throw new BatonError('SOURCE_NOT_MEDIA', `${url.href} is a channel, not a show`);
      const end = await endOf({ channel, show }, signal);
      if (end?.format == null) return answer(url, 404, {}, []);
      const size = end.sizes.reduce((sum, each) => sum + each, 0);
      const etag = `"${channel}.${show}"`;
      const headers = { etag, 'accept-ranges': 'bytes', 'content-type': streamType(end.format) };
      if (ask.headers?.['if-none-match'] === etag) return answer(url, 304, headers, []);
      const isRange = ask.start !== undefined || ask.end !== undefined;
      const start = ask.start ?? 0;
      const to = Math.min(ask.end ?? size, size);
      if (isRange && start >= size) return answer(url, 416, { 'content-range': `bytes */${size}` }, []);
      const range = isRange ? { 'content-range': `bytes ${start}-${to - 1}/${size}` } : {};
      const body = ask.method === 'HEAD' ? [] : between(shows, { channel, show }, end.sizes, start, to, signal);
      const length = String(to - start);
      return answer(url, isRange ? 206 : 200, { ...headers, ...range, 'content-length': length }, body);
    },
  };
}

/** As much of a show's stream as is stored, from `at` on, and at most `most`. */
export async function bytesAt(
  shows: ShowStore,
  name: ShowName,
  at: Bytes,
  most: Bytes,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let index = await indexAt(shows, name, at, signal);
  const pieces: Uint8Array[] = [];
  for (let place = at; place < at + most; index++) {
    const batch = await shows.batch(name, index, signal);
    if (batch?.kind !== 'sound') break;
    const piece = batch.bytes.subarray(Math.max(0, place - batch.at), at + most - batch.at);
    pieces.push(piece);
    place += piece.length;
  }
  return Buffer.concat(pieces);
}

/** The batch that byte `at` is in. */
async function indexAt(shows: ShowStore, name: ShowName, at: Bytes, signal: AbortSignal): Promise<number> {
  let low = 0;
  let high = at === 0 ? 0 : ((await shows.last(name, signal))?.index ?? 0);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const batch = await shows.batch(name, middle, signal);
    if (batch?.kind === 'sound' && batch.at <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Half-open. A batch that is gone throws SOURCE_CUT. */
async function* between(
  shows: ShowStore,
  name: ShowName,
  sizes: readonly Bytes[],
  start: Bytes,
  end: Bytes,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let at: Bytes = 0;
  for (const [index, size] of sizes.entries()) {
    if (at >= end) return;
    if (at + size > start && size > 0) {
      const batch = await shows.batch(name, index, signal);
      if (batch?.kind !== 'sound') throw new BatonError('SOURCE_CUT', `batch ${index} of ${name.show} is gone`);
      yield batch.bytes.subarray(Math.max(0, start - at), end - at);
    }
    at += size;
  }
}

function answer(
  url: URL,
  status: number,
  headers: Answer['headers'],
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Answer {
  const body = Readable.from(pieces);
  // Errors reach whoever reads; without a listener, one that comes earlier would end the process.
  body.on('error', () => undefined);
  const dump = (): Promise<void> => {
    body.destroy();
    return Promise.resolve();
  };
  const incoming: Incoming = Object.assign(body, { dump });
  return { url, status, headers, incoming };
}
