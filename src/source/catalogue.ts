import { randomUUID } from 'node:crypto';
import { BatonError } from '../errors.ts';
import type { Net } from '../net/open.ts';
import type { Store } from '../store/store.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { createBlocks } from './blocks.ts';
import { type Holding, hold } from './holding.ts';
import { type Medium, movieMedium } from './medium.ts';
import { loadPin, type Pin, savePin } from './pin.ts';
import { probe } from './probe.ts';
import type { Meter, Pinned } from './reader.ts';
import { recent } from './recent.ts';
import { decodeRecord, encodeRecord, type ProbeRecord, probeKey, type Source } from './record.ts';
import { isSame, pinOf, type Resolved, resolve } from './resolve.ts';
import { revalidate } from './revalidate.ts';
import { sharing } from './sharing.ts';
import { rangedSupply, spooledSupply, type Supply } from './supply.ts';

export interface SourceDeps {
  readonly net: Net;
  readonly store: Store;
  readonly now: () => Milliseconds;
  /** A source is looked at again at most this often. */
  readonly revalidateMs: Milliseconds;
  /** Largest source that is kept whole because its origin has no ranges. */
  readonly maxSpoolBytes: Bytes;
}

/** The sources that this process knows, by their URL and by their version. */
export interface Catalogue {
  /** The present version of the source behind `url`, looked at when that is due. */
  find(url: string, signal: AbortSignal, meter?: Meter): Promise<Holding>;
  /** The version that `source` is of, whether it is still the present one or not. */
  holdingOf(source: Source): Holding;
  /** Opens it for reading packets. Only a few movies stay open. */
  mediumOf(source: Source): Promise<Medium>;
  close(): Promise<void>;
}

const HOLDINGS = 256;
/** The sample tables of one hour take up to 20 MB. */
const MOVIES = 4;
const URLS = 2048;
const CACHE: Bytes = 16 * 2 ** 20;
/** How soon an origin is asked again that could not tell whether the source is still the same. */
const UNSURE: Milliseconds = 10_000;

export function createCatalogue({ net, store, now, revalidateMs, maxSpoolBytes }: SourceDeps): Catalogue {
  const life = new AbortController();
  const blocks = createBlocks(CACHE);
  const holdings = recent<string, Holding>(HOLDINGS, (holding) => holding.close());
  const movies = recent<string, Holding>(MOVIES, (holding) => holding.rest());
  const versions = recent<string, string>(URLS);
  const writes = new Set<Promise<unknown>>();

  function find(url: string, signal: AbortSignal, meter?: Meter): Promise<Holding> {
    const held = heldAt(url);
    return held && now() < held.freshUntil ? Promise.resolve(held) : lookUp(url, signal, meter);
  }

  const lookUp = sharing(async (url: string, signal: AbortSignal, meter?: Meter): Promise<Holding> => {
    const known = await lastKnown(url, signal);
    if (known === null) return await findAnew(url, null, signal, meter);
    const age = now() - known.pin.checkedAt;
    if (age >= 0 && age < revalidateMs) return keep(known);

    const verdict = await revalidate(net, url, known.pin, known.record, signal, meter);
    if (verdict === 'same') return keep(checked(known, { ...known.pin, checkedAt: now() }));
    if (verdict === 'unknown') return Object.assign(keep(known), { freshUntil: now() + UNSURE });
    return await findAnew(url, verdict === 'gone' ? known.record : null, signal, meter);
  });

  /** From the store, where other processes leave what they saw, or from memory. */
  async function lastKnown(url: string, signal: AbortSignal): Promise<Source | null> {
    const held = heldAt(url)?.source ?? null;
    const stored = await loadPin(store, url, signal);
    if (stored === null || (held && held.pin.checkedAt >= stored.pin.checkedAt)) return held;
    if (held?.pin.version === stored.pin.version) return { ...held, pin: stored.pin };
    const bytes = await store.get(probeKey(stored.pin.version), signal);
    const record = bytes && decodeRecord(bytes.bytes);
    return record && { url, record, pin: stored.pin };
  }

  /** Resolves the link. What it finds may turn out to be `previous`, moved to another address. */
  async function findAnew(
    url: string,
    previous: ProbeRecord | null,
    signal: AbortSignal,
    meter?: Meter,
  ): Promise<Holding> {
    const stop = new AbortController(); // a download that begins here goes on when the probe is over
    const leave = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', leave);
    try {
      const found = await resolve(net, url, url, stop.signal, meter);
      const { version } = await (found.look.body || previous ? found.identity : { version: randomUUID() });
      if (previous === null || !isSame(previous, await found.identity))
        return await admit(url, found, version, stop, meter);
      await found.look.body?.return();
      return keep(checked({ url, record: previous }, pinOf(found.look, previous.version, now())));
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Probes what was found. `id` names its bytes until the version is known, which takes the end of the source. */
  async function admit(
    url: string,
    found: Resolved,
    id: string,
    stop: AbortController,
    meter?: Meter,
  ): Promise<Holding> {
    const { body, head, size } = found.look;
    let holding: Holding | null = null;
    const pinned: Pinned = {
      pin: () => holding?.source.pin ?? pinOf(found.look, id, now()),
      repin: (used, signal) => (holding ? repin(holding, used, signal) : Promise.reject(goneInProbe(url))),
      markStale: () => void (holding && markStale(holding)),
    };
    const supply =
      body === null
        ? rangedSupply(net, blocks, id, size, pinned)
        : spooledSupply(net, store, maxSpoolBytes, pinned, body, stop);
    if (body === null) blocks.keepHead(id, head, size ?? 0);
    try {
      const { record, movie } = await probe(found, supply.read, stop.signal, meter);
      holding = keep(
        checked({ url, record }, pinOf(found.look, record.version, now())),
        supply,
        movie && movieMedium(movie, record, store),
      );
      later(store.putIfAbsent(probeKey(record.version), encodeRecord(record)));
      return holding;
    } catch (error) {
      supply.close();
      throw error;
    }
  }

  const heldAt = (url: string): Holding | undefined => holdings.get(versions.get(url) ?? '');

  /** Also tells the store that the origin was asked. */
  function checked(source: Pick<Source, 'url' | 'record'>, pin: Pin): Source {
    later(savePin(store, source.url, pin));
    return { ...source, pin };
  }

  /** `supply` when the bytes can be read already, `medium` when the packets can. */
  function keep(source: Source, supply?: Supply, medium: Medium | null = null): Holding {
    const { version } = source.record;
    const held = holdings.get(version);
    if (held) {
      supply?.close();
      medium?.close();
      held.source = { ...held.source, pin: source.pin };
    }
    const holding = held ?? hold(source, store, life.signal, supply ? () => supply : supplyOf, medium);
    holding.freshUntil = source.pin.checkedAt + revalidateMs;
    holdings.set(version, holding);
    versions.set(source.url, version);
    if (medium) movies.set(version, holding);
    return holding;
  }

  function supplyOf(holding: Holding): Supply {
    const { version } = holding.source.record;
    const pinned: Pinned = {
      pin: () => holding.source.pin,
      repin: (used, signal) => repin(holding, used, signal),
      markStale: () => markStale(holding),
    };
    const { ranges, size } = pinned.pin();
    return ranges ? rangedSupply(net, blocks, version, size, pinned) : spooledSupply(net, store, maxSpoolBytes, pinned);
  }

  async function repin(holding: Holding, used: Pin, signal: AbortSignal): Promise<void> {
    if (holding.source.pin === used) await findAgain(holding.source.record.version, signal, holding);
  }

  const findAgain = sharing(async (_version: string, signal: AbortSignal, holding: Holding): Promise<void> => {
    const { url, record, pin } = holding.source;
    const { look, identity } = await resolve(net, url, url, signal);
    await look.body?.return();
    const moved = pinOf(look, record.version, now());
    if (!isSame(record, await identity) || moved.ranges !== pin.ranges)
      throw new BatonError('SOURCE_CHANGED', moved.finalUrl);
    holding.source = checked(holding.source, moved);
  });

  function markStale(holding: Holding): void {
    holding.freshUntil = 0;
    holding.source = checked(holding.source, { ...holding.source.pin, checkedAt: 0 });
  }

  function later(write: Promise<unknown>): void {
    const settled = write.catch(() => undefined).finally(() => writes.delete(settled)); // a lost record is made again
    writes.add(settled);
  }

  async function close(): Promise<void> {
    life.abort(new BatonError('STOPPING'));
    for (const holding of holdings.values()) holding.close();
    await Promise.all(writes);
  }

  const holdingOf = (source: Source): Holding => holdings.get(source.record.version) ?? keep(source);

  function openMedium(source: Source): Promise<Medium> {
    const holding = holdingOf(source);
    if (source.record.container === 'mp4') movies.set(source.record.version, holding);
    return holding.medium();
  }

  return { find, holdingOf, mediumOf: openMedium, close };
}

const goneInProbe = (url: string): BatonError =>
  new BatonError('SOURCE_FAILED', `${url} went away while it was probed`);
