import { hasCode } from '../errors.ts';
import { orAbort } from '../or-abort.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Store } from '../store/store.ts';
import type { Milliseconds } from '../units.ts';
import {
  decodeFeed,
  EMPTY_FEED,
  encodeFeed,
  enclosureKey,
  isDue,
  merged,
  UNKNOWN_ENCLOSURE,
  type EnclosureRecord,
  type FeedRecord,
  type FeedVersion,
} from './feed-record.ts';

/** An enclosure that a feed has. */
export interface Wanted {
  readonly source: string;
  /** Unix time; null when the feed does not say. */
  readonly publishedAt: Milliseconds | null;
}

/** What one process knows of a feed, and is finding out. */
export interface FeedBook {
  record(): FeedRecord;
  of(source: string): EnclosureRecord | undefined;
  /** Resolves when the source has been looked at, with or without success. */
  look(wanted: Wanted, meter?: SourceMeter): Promise<void>;
  /** The origin has this version, and these are its enclosures: those that are due are looked at, newest first. */
  finish(version: FeedVersion, wanted: readonly Wanted[]): void;
  /** The origin still has the known version. */
  confirm(): void;
  /** Resolves when nothing is looked at any more and all is stored. */
  idle(): Promise<void>;
}

/** Looks at one source. Throws whatever is wrong with it. */
export type Measure = (
  source: string,
  signal: AbortSignal,
  meter?: SourceMeter,
) => Promise<Pick<EnclosureRecord, 'sizes' | 'hasChapters'> & { readonly settled: Promise<void> }>;

export interface BookDeps {
  readonly key: string;
  readonly store: Store;
  readonly measure: Measure;
  readonly now: () => Milliseconds;
  readonly revalidateMs: Milliseconds;
  /** Ends what is under way. */
  readonly life: AbortSignal;
}

interface Look extends Wanted {
  readonly meter: SourceMeter | undefined;
  readonly done: PromiseWithResolvers<void>;
}

const PARALLEL = 8;
const UNSAVED = 64;
const WRITES = 3;
/** In a row: about a week of looks. */
const MOST_FAILURES = 10;
/** After these a source may still be what it was. */
const PASSING = [
  'SOURCE_UNREACHABLE',
  'SOURCE_FAILED',
  'SOURCE_TIMEOUT',
  'SOURCE_SLOW',
  'SOURCE_CUT',
  'STORE_FAILED',
] as const;

/** The book that the store has under a key, or an empty one. */
export async function feedBook(deps: BookDeps): Promise<FeedBook> {
  const { key, store, measure, now, revalidateMs, life } = deps;
  const stored = await store.get(key, life);
  let record = stored === null ? EMPTY_FEED : decodeFeed(stored.bytes);
  let enclosures = new Map(record.enclosures);
  let waiting: Look[] = [];
  const looks = new Map<string, Look>();
  const runs = new Set<Promise<void>>();
  let unsaved = 0;
  let saving: Promise<void> | null = null;

  const current = (): FeedRecord => ({ ...record, enclosures });

  function enter(source: string, seen: EnclosureRecord): void {
    const before = enclosures.get(enclosureKey(source));
    enclosures.set(enclosureKey(source), seen);
    if (!isAlike(before, seen)) record = { ...record, changedAt: now() };
    if (++unsaved >= UNSAVED) save().catch(() => undefined); // what is lost is found again
  }

  function enqueue(wanted: Wanted, meter?: SourceMeter): Look {
    const look: Look = { ...wanted, meter, done: Promise.withResolvers() };
    looks.set(wanted.source, look);
    waiting.push(look);
    return look;
  }

  function proceed(): void {
    while (runs.size < PARALLEL && !life.aborted) {
      const look = waiting.shift();
      if (look === undefined) break;
      const ended = run(look).finally(() => {
        runs.delete(ended);
        proceed();
      });
      runs.add(ended);
    }
  }

  async function run({ source, meter, done }: Look): Promise<void> {
    try {
      const { settled, ...seen } = await measure(source, life, meter);
      enter(source, { ...seen, checkedAt: now(), failures: 0 });
      done.resolve();
      await orAbort(settled, life);
    } catch (error) {
      const before = enclosures.get(enclosureKey(source)) ?? UNKNOWN_ENCLOSURE;
      const failures = before.failures + 1;
      const isKept = failures <= MOST_FAILURES && hasCode(error, ...PASSING);
      if (!life.aborted) enter(source, { ...(isKept ? before : UNKNOWN_ENCLOSURE), checkedAt: now(), failures });
    } finally {
      looks.delete(source);
      done.resolve();
    }
  }

  /** One write at a time; what another process has stored meanwhile is taken over. */
  async function save(): Promise<void> {
    while (saving !== null) await saving;
    if (unsaved === 0) return;
    saving = write().finally(() => (saving = null));
    await saving;
  }

  async function write(): Promise<void> {
    unsaved = 0;
    for (let attempt = 0; attempt < WRITES; attempt++) {
      const known = await store.get(key);
      const theirs = known === null ? EMPTY_FEED : decodeFeed(known.bytes);
      record = merged(current(), theirs);
      enclosures = new Map(record.enclosures);
      if (await store.replaceIfMatch(key, encodeFeed(current()), known?.tag ?? null)) return;
    }
  }

  function finish(version: FeedVersion, wanted: readonly Wanted[]): void {
    const before = enclosures;
    enclosures = new Map(
      wanted.map(({ source }) => [enclosureKey(source), before.get(enclosureKey(source)) ?? UNKNOWN_ENCLOSURE]),
    );
    const isNew = JSON.stringify(version) !== JSON.stringify(record.version) || !hasSameKeys(before, enclosures);
    if (isNew) unsaved++;
    record = { ...record, version, ...(isNew ? { changedAt: now() } : {}) };
    confirm();
    const isWanted = new Set(wanted.map(({ source }) => source));
    for (const { source, done } of waiting.filter((look) => !isWanted.has(look.source))) {
      looks.delete(source);
      done.resolve();
    }
    waiting = waiting.filter(({ source }) => isWanted.has(source));
    for (const each of wanted)
      if (isDue(enclosures.get(enclosureKey(each.source)) ?? UNKNOWN_ENCLOSURE, now()) && !looks.has(each.source))
        enqueue(each);
    waiting.sort((a, b) => (b.publishedAt ?? -Infinity) - (a.publishedAt ?? -Infinity) || 0);
    proceed();
  }

  function confirm(): void {
    if (now() - record.checkedAt >= revalidateMs) unsaved++;
    record = { ...record, checkedAt: now() };
  }

  return {
    record: current,
    of: (source) => enclosures.get(enclosureKey(source)),
    look: (wanted, meter) => {
      const look = looks.get(wanted.source) ?? enqueue(wanted, meter);
      proceed();
      return look.done.promise;
    },
    finish,
    confirm,
    idle: async () => {
      while (runs.size > 0) await Promise.all(runs);
      await save();
    },
  };
}

const isAlike = (a: EnclosureRecord | undefined, b: EnclosureRecord): boolean =>
  a?.hasChapters === b.hasChapters && JSON.stringify(a.sizes) === JSON.stringify(b.sizes);

const hasSameKeys = (a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean =>
  a.size === b.size && [...a.keys()].every((key) => b.has(key));
