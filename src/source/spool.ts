import { createHash } from 'node:crypto';
import { BatonError, hasCode } from '../errors.ts';
import { orAbort } from '../or-abort.ts';
import type { Store } from '../store/store.ts';
import type { Bytes } from '../units.ts';
import type { ReadBytes } from './reader.ts';
import { isPassing, RETRIES } from './retry.ts';

/** A source whose origin has no ranges, kept in the store in parts as it arrives. */
export interface Spool {
  /** Follows the download; ends where the source does. */
  readonly read: ReadBytes;
  /** Resolves when nothing is being downloaded, whether that came to its end or failed. */
  idle(): Promise<void>;
  close(): void;
}

/** Which version is kept, where, and how to download it. */
export interface SpoolOptions {
  readonly store: Store;
  readonly version: string;
  /** Null when the origin does not say. */
  readonly size: Bytes | null;
  readonly maxBytes: Bytes;
  /** The whole body, from its start; throws SOURCE_CHANGED when it is known to be another. */
  readonly fetch: (signal: AbortSignal) => Promise<AsyncGenerator<Uint8Array, void>>;
}

const PART: Bytes = 2 ** 20;
/** Kept in memory when the store does not take them. */
const MAX_KEPT_PARTS = 32;

/**
 * Reads what the store has, and downloads the rest at most once at a time; `body` is a download that has begun already,
 * which `stop` ends. A new download is compared with what came before, so that two versions never mix.
 *
 * Reading throws SOURCE_TOO_LARGE beyond `maxBytes`, SOURCE_CHANGED, and what the download does.
 */
export function openSpool(
  options: SpoolOptions,
  body?: AsyncGenerator<Uint8Array, void>,
  stop = new AbortController(),
): Spool {
  const { store, version, maxBytes } = options;
  const keyOf = (part: number | 'end'): string => `spool/${version}/${part}`;
  const hashes: string[] = [];
  const kept = new Map<number, Uint8Array>();
  let growing: Uint8Array = new Uint8Array();
  let total: Bytes | null = null;
  let looked = body !== undefined;
  let download: Promise<void> | null = null;
  let failure: unknown = null;
  let arrived = Promise.withResolvers<undefined>();

  const received = (): Bytes => hashes.length * PART + growing.length;

  function announce(): void {
    arrived.resolve(undefined);
    arrived = Promise.withResolvers();
  }

  function run(first?: AsyncGenerator<Uint8Array, void>): void {
    failure = null;
    download ??= fill(first)
      .catch((error: unknown) => void (failure = error))
      .finally(() => {
        download = null;
        announce();
      });
  }

  async function fill(first?: AsyncGenerator<Uint8Array, void>): Promise<void> {
    for (let failures = 0; ;) {
      const before = received();
      try {
        return void (await once(first ?? (await options.fetch(stop.signal))));
      } catch (error) {
        if (received() > before) failures = 0;
        if (stop.signal.aborted || !isPassing(error) || ++failures > RETRIES) throw error;
      }
      first = undefined;
    }
  }

  async function once(pieces: AsyncGenerator<Uint8Array, void>): Promise<void> {
    let part = new Uint8Array(PART);
    let number = 0;
    let length = 0;
    for await (const piece of pieces) {
      for (let used = 0; used < piece.length;) {
        const bytes = piece.subarray(used, used + PART - length);
        part.set(bytes, length);
        used += bytes.length;
        length += bytes.length;
        if (number * PART + length > maxBytes) throw new BatonError('SOURCE_TOO_LARGE', `more than ${maxBytes} bytes`);
        if (length < PART) continue;
        await keep(number++, part);
        part = new Uint8Array(PART);
        length = 0;
      }
      grow(number, part.subarray(0, length));
    }
    const size = number * PART + length;
    if (size < received() || (total !== null && total !== size)) throw changed(`${size} bytes`);
    if (length > 0) await put(keyOf(number), part.slice(0, length), number);
    await store.putIfAbsent(keyOf('end'), Buffer.from(String(size)));
    total = size;
    growing = new Uint8Array();
    announce();
  }

  /** Makes the last, unfinished part visible. */
  function grow(number: number, part: Uint8Array): void {
    if (number !== hashes.length) return;
    const common = Math.min(part.length, growing.length);
    if (Buffer.compare(part.subarray(0, common), growing.subarray(0, common)) !== 0) throw changed(`part ${number}`);
    if (part.length > growing.length) growing = part;
    announce();
  }

  async function keep(number: number, part: Uint8Array): Promise<void> {
    const hash = createHash('sha256').update(part).digest('hex');
    if (number > hashes.length || (number < hashes.length && hashes[number] !== hash)) throw changed(`part ${number}`);
    if (number === hashes.length) grow(number, part);
    await put(keyOf(number), part, number);
    if (number === hashes.length) {
      hashes.push(hash);
      growing = new Uint8Array();
    }
    announce();
  }

  async function put(key: string, bytes: Uint8Array, number: number): Promise<void> {
    if (await store.putIfAbsent(key, bytes)) return;
    const stands = await store.get(key);
    if (stands !== null && Buffer.compare(stands.bytes, bytes) !== 0) throw changed(`part ${number} in the store`);
    if (stands !== null) return;
    if (kept.size >= MAX_KEPT_PARTS) throw new BatonError('STORE_FAILED', 'no room to keep a source without ranges');
    kept.set(number, bytes);
  }

  /** Bytes at `at`, at most up to `end`; null at the end of the source, undefined when they have to be waited for. */
  async function bytesAt(at: Bytes, end: Bytes, signal: AbortSignal): Promise<Uint8Array | null | undefined> {
    if (total !== null && at >= total) return null;
    const number = Math.floor(at / PART);
    const range = { start: at - number * PART, end: Math.min(end - number * PART, PART) };
    if (number === hashes.length && range.start < growing.length) return growing.slice(range.start, range.end);
    if (number >= hashes.length && total === null) return undefined;
    const bytes =
      kept.get(number)?.subarray(range.start, range.end) ?? (await store.getRange(keyOf(number), range, signal));
    return bytes === null || bytes.length === 0 ? undefined : bytes;
  }

  async function lookUp(signal: AbortSignal): Promise<void> {
    if (looked) return;
    const end = await store.get(keyOf('end'), signal);
    if (end !== null) total ??= Number(Buffer.from(end.bytes).toString());
    looked = true;
  }

  async function* read(
    { start, end }: { start: Bytes; end: Bytes },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void> {
    await lookUp(signal);
    if (download === null && !hasCode(failure, 'SOURCE_CHANGED', 'SOURCE_TOO_LARGE')) failure = null;
    for (let at = start; at < end;) {
      signal.throwIfAborted();
      const next = arrived.promise;
      const bytes = await bytesAt(at, end, signal);
      if (bytes === null) return;
      if (bytes !== undefined) {
        at += bytes.length;
        yield bytes;
        continue;
      }
      if (download === null && failure !== null) throw failureOf(failure);
      run();
      await orAbort(next, signal);
    }
  }

  if (options.size !== null && options.size > maxBytes) {
    stop.abort();
    throw new BatonError('SOURCE_TOO_LARGE', `${options.size} bytes without ranges`);
  }
  if (body) run(body);
  return { read, idle: async () => download ?? undefined, close: () => stop.abort(new BatonError('STOPPING')) };
}

/** Every reader gets an error of its own to throw. */
const failureOf = (failure: unknown): unknown =>
  hasCode(failure, 'SOURCE_CHANGED') ? changed(failure.detail) : failure;

const changed = (detail: string): BatonError => new BatonError('SOURCE_CHANGED', detail);
