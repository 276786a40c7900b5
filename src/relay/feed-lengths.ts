import { BatonError } from '../errors.ts';
import { orAbort } from '../or-abort.ts';
import { shortHash, type Source } from '../source/record.ts';
import type { Sources } from '../source/sources.ts';
import type { Store } from '../store/store.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { feedBook, type FeedBook, type Measure } from './feed-book.ts';
import { etagOf } from './file-identity.ts';
import type { VirtualFiles } from './virtual-file.ts';

/** What is known of feeds. */
export interface FeedLengths {
  /** The book of a feed, for as long as `use` runs; its looks may go on behind that. */
  open(url: string, renditions: readonly string[], signal: AbortSignal): Promise<OpenBook>;
  /** Resolves when nothing is looked at any more, or `signal` is aborted. */
  looked(signal: AbortSignal): Promise<void>;
  /** Ends all looks and stores what they found. */
  close(): Promise<void>;
}

/** To be closed, after which its looks go on and then it is stored. */
export interface OpenBook extends FeedBook {
  close(): void;
}

export interface FeedLengthsDeps {
  readonly sources: Sources;
  readonly files: VirtualFiles;
  readonly store: Store;
  readonly engineId: string;
  readonly now: () => Milliseconds;
  readonly revalidateMs: Milliseconds;
}

// Raised when a record means something else than before.
const FORMAT = 'baton-feed-1';

/** Books of feeds over `deps`; closing them leaves sources and store open. */
export function createFeedLengths(deps: FeedLengthsDeps): FeedLengths {
  const { store, now, revalidateMs, engineId } = deps;
  const life = new AbortController();
  const held = new Map<string, { book: Promise<FeedBook>; users: number }>();

  async function open(url: string, renditions: readonly string[], signal: AbortSignal): Promise<OpenBook> {
    const key = `feed/${shortHash(JSON.stringify([FORMAT, url, renditions, etagOf(engineId)]))}`;
    const measure = measuring(deps, renditions);
    const mine = held.get(key) ?? {
      book: feedBook({ key, store, measure, now, revalidateMs, life: life.signal }),
      users: 0,
    };
    held.set(key, mine);
    mine.users++;
    let isOpen = true;
    const close = (): void => {
      if (isOpen) mine.users--;
      isOpen = false;
      void settle(key);
    };
    try {
      return { ...(await orAbort(mine.book, signal)), close };
    } catch (error) {
      close();
      throw error;
    }
  }

  /** Stores a book that nobody uses, and lets go of it. */
  async function settle(key: string): Promise<void> {
    const mine = held.get(key);
    await (await mine?.book.catch(() => null))?.idle().catch(() => undefined);
    if (mine?.users === 0 && held.get(key) === mine) held.delete(key);
  }

  async function looked(signal: AbortSignal): Promise<void> {
    await orAbort(Promise.all([...held.keys()].map(settle)), signal).catch(() => undefined);
  }

  return {
    open,
    looked,
    close: async () => {
      life.abort(new BatonError('STOPPING'));
      await Promise.all([...held.keys()].map(settle));
    },
  };
}

/** What the files of a source are long. The settled ones are those that need not be downloaded any further. */
function measuring({ sources, files }: FeedLengthsDeps, [main = '', ...alternates]: readonly string[]): Measure {
  const sizeOf = (source: Source, options: string): Bytes | null => {
    try {
      return files(source, options).size;
    } catch {
      return null;
    }
  };
  return async (url, signal, meter) => {
    const source = await sources.open(url, signal, meter);
    const { size, tags } = files(source, main);
    if (size === null) throw new BatonError('SOURCE_UNMEASURED', url);
    return {
      sizes: [size, ...alternates.map((options) => sizeOf(source, options))],
      hasChapters: tags.chapters.length > 0,
      settled: source.pin.ranges ? Promise.resolve() : sources.downloaded(signal),
    };
  };
}
