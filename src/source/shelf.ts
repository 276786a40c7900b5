import { BatonError } from '../errors.ts';
import type { Net } from '../net/open.ts';
import type { Store } from '../store/store.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { type Blocks, createBlocks } from './blocks.ts';
import { type HlsPinned, hlsSupply } from './hls-supply.ts';
import { type Holding, hold } from './holding.ts';
import type { Medium } from './medium.ts';
import { type Pin, savePin } from './pin.ts';
import type { Pinned } from './reader.ts';
import { recent } from './recent.ts';
import type { Source } from './record.ts';
import { isSame, pinOf, resolve } from './resolve.ts';
import { sharing } from './sharing.ts';
import { rangedSupply, segmentSupply, spooledSupply, type Supply } from './supply.ts';

/** What sources are read with, and how. */
export interface SourceDeps {
  readonly net: Net;
  readonly store: Store;
  /** Unix time. */
  readonly now: () => Milliseconds;
  /** A source is looked at again at most this often. */
  readonly revalidateMs: Milliseconds;
  /** Largest source that is kept whole because its origin has no ranges. */
  readonly maxSpoolBytes: Bytes;
}

/** The versions of sources that this process has in its hands. */
export interface Shelf {
  readonly blocks: Blocks;
  /** The present version of a source, as far as it is known here. */
  at(url: string): Holding | undefined;
  /** The version that `source` is of, whether it is still the present one or not. */
  holdingOf(source: Source): Holding;
  /** Opens it for reading packets. Only a few movies stay open. */
  mediumOf(source: Source): Promise<Medium>;
  /** Makes `source` the present version, with the supply and the medium that are open already. */
  keep(source: Source, supply?: Supply, medium?: Medium | null): Holding;
  /** `source` as it was just seen at its origin, which the store is told, too. */
  checked(source: Pick<Source, 'url' | 'record'>, pin: Pin): Source;
  /** How to read what `find` gives, once it gives something. */
  pinned(find: () => Holding | null, before: Pin): Pinned;
  /** The same of a playlist of HLS that is told by `shape`. */
  pinnedHls(find: () => Holding | null, source: Pick<Source, 'url' | 'pin'>, shape: string): HlsPinned;
  /** Lets a write end before the shelf is closed. What is lost is made again. */
  later(write: Promise<unknown>): void;
  /** What has been opened, in no particular order. */
  held(): readonly Holding[];
  close(): Promise<void>;
}

const HOLDINGS = 256;
/** The sample tables of one hour take up to 20 MB. */
const MOVIES = 4;
const URLS = 2048;
const CACHE: Bytes = 8 * 2 ** 20;

/** An empty shelf. Holds the 256 versions used last, and 8 MiB of their bytes. */
export function createShelf({ net, store, now, revalidateMs, maxSpoolBytes }: SourceDeps): Shelf {
  const life = new AbortController();
  const blocks = createBlocks(CACHE);
  const holdings = recent<string, Holding>(HOLDINGS, (holding) => holding.close());
  const movies = recent<string, Holding>(MOVIES, (holding) => holding.rest());
  const versions = recent<string, string>(URLS);
  const writes = new Set<Promise<unknown>>();

  const at = (url: string): Holding | undefined => holdings.get(versions.get(url) ?? '');

  function keep(source: Source, supply?: Supply, medium: Medium | null = null): Holding {
    const { version } = source.record;
    const held = holdings.get(version);
    if (held) {
      supply?.close();
      medium?.close();
      held.source = { ...held.source, pin: source.pin };
    }
    const holding = held ?? add(source, supply, medium);
    holding.freshUntil = source.pin.checkedAt + revalidateMs;
    versions.set(source.url, version);
    return holding;
  }

  function add(source: Source, supply?: Supply, medium: Medium | null = null): Holding {
    const { version } = source.record;
    const holding = hold(source, store, life.signal, supply ? () => supply : supplyOf, medium);
    holdings.set(version, holding);
    if (medium) movies.set(version, holding);
    return holding;
  }

  const holdingOf = (source: Source): Holding => holdings.get(source.record.version) ?? add(source);

  function mediumOf(source: Source): Promise<Medium> {
    const holding = holdingOf(source);
    if (source.record.container === 'mp4') movies.set(source.record.version, holding);
    return holding.medium();
  }

  function supplyOf(holding: Holding): Supply {
    const { pin, record } = holding.source;
    if (record.hls !== undefined)
      return segmentSupply(
        hlsSupply(
          net,
          pinnedHls(() => holding, holding.source, record.hls.shape),
          null,
        ),
      );
    const self = pinned(() => holding, pin);
    return pin.ranges
      ? rangedSupply(net, blocks, record.version, pin.size, self)
      : spooledSupply(net, store, maxSpoolBytes, self);
  }

  function pinned(find: () => Holding | null, before: Pin): Pinned {
    return {
      pin: () => find()?.source.pin ?? before,
      repin: async (used, signal) => {
        const holding = find();
        if (holding === null) throw new BatonError('SOURCE_FAILED', `${before.finalUrl} went away while it was probed`);
        if (holding.source.pin === used) await findAgain(holding.source.record.version, signal, holding);
      },
      markStale: () => {
        const holding = find();
        if (holding === null) return;
        holding.staleAt = now();
        holding.freshUntil = 0;
        holding.source = checked(holding.source, { ...holding.source.pin, checkedAt: 0 });
      },
    };
  }

  function pinnedHls(
    find: () => Holding | null,
    { url, pin: before }: Pick<Source, 'url' | 'pin'>,
    shape: string,
  ): HlsPinned {
    const self = pinned(find, before);
    const moved = (to: Pin): void => {
      const holding = find();
      if (holding !== null) holding.source = checked(holding.source, to);
    };
    return { url, shape, moved, pin: () => self.pin(), markStale: () => self.markStale() };
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

  function checked<T extends Pick<Source, 'url' | 'record'>>(source: T, pin: Pin): T & { readonly pin: Pin } {
    later(savePin(store, source.url, pin));
    return { ...source, pin };
  }

  function later(write: Promise<unknown>): void {
    const settled = write.catch(() => undefined).finally(() => writes.delete(settled));
    writes.add(settled);
  }

  async function close(): Promise<void> {
    life.abort(new BatonError('STOPPING'));
    for (const holding of holdings.values()) holding.close();
    await Promise.all(writes);
  }

  return {
    blocks,
    at,
    holdingOf,
    mediumOf,
    keep,
    checked,
    pinned,
    pinnedHls,
    later,
    held: () => [...holdings.values()],
    close,
  };
}
