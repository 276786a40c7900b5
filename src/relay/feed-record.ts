import { shortHash } from '../source/record.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** What is known of one feed as one link has it: of its own version, and of each enclosure in it. */
export interface FeedRecord {
  /** Null until it was read to its end. */
  readonly version: FeedVersion | null;
  /** When the origin last said that this is the version. */
  readonly checkedAt: Milliseconds;
  /** When something last changed that shows in the feed. */
  readonly changedAt: Milliseconds;
  /** By `enclosureKey`. */
  readonly enclosures: ReadonlyMap<string, EnclosureRecord>;
}

/** Which version of a feed its origin has. */
export interface FeedVersion {
  readonly etag: string | null;
  readonly modified: string | null;
  readonly type: string | null;
}

/** What the last look at an enclosure found, or one before it where that failed and may have passed. */
export interface EnclosureRecord {
  /** 0: nobody has looked yet. */
  readonly checkedAt: Milliseconds;
  /** In the order of the renditions, the main one first; null: it has none. Empty: the main one has none. */
  readonly sizes: readonly (Bytes | null)[];
  readonly hasChapters: boolean;
  /** In a row. */
  readonly failures: number;
}

export const EMPTY_FEED: FeedRecord = { version: null, checkedAt: 0, changedAt: 0, enclosures: new Map() };
export const UNKNOWN_ENCLOSURE: EnclosureRecord = { checkedAt: 0, sizes: [], hasChapters: false, failures: 0 };

/** A source may change: what is known of it is looked at again after a day, and is forgotten where that fails for about a week. */
const FRESH: Milliseconds = 86_400_000;
const KEPT: Milliseconds = 7 * 86_400_000;
const FIRST_PAUSE: Milliseconds = 300_000;
const PAUSE_GROWTH = 4;

export const enclosureKey = (source: string): string => shortHash(source);

/** True when it should be looked at: it never was, long ago, or failed long enough ago. */
export function isDue({ checkedAt, failures }: EnclosureRecord, now: Milliseconds): boolean {
  if (checkedAt === 0) return true;
  const pause = failures === 0 ? FRESH : Math.min(FRESH, FIRST_PAUSE * PAUSE_GROWTH ** (failures - 1));
  return now - checkedAt >= pause || checkedAt > now;
}

/** The lengths that may be told; null: the enclosure stays as it is. */
export function lengthsOf(
  enclosure: EnclosureRecord | undefined,
  now: Milliseconds,
): Pick<EnclosureRecord, 'sizes' | 'hasChapters'> | null {
  return enclosure === undefined || enclosure.sizes.length === 0 || now - enclosure.checkedAt >= KEPT
    ? null
    : enclosure;
}

/** True when a response made from the record needs nobody to look at anything, so that it is the same every time. */
export function isSettled({ version, enclosures }: FeedRecord, now: Milliseconds): boolean {
  if (version === null || (version.etag === null && version.modified === null)) return false;
  for (const enclosure of enclosures.values()) if (isDue(enclosure, now)) return false;
  return true;
}

/** What of a record shows in the feed, as one short text. */
export const digest = ({ version, enclosures }: FeedRecord): string =>
  shortHash(
    JSON.stringify([version, [...enclosures].map(([key, { sizes, hasChapters }]) => [key, sizes, hasChapters])]),
  );

/** The newer knowledge of each, when two processes looked at the same feed. */
export function merged(ours: FeedRecord, theirs: FeedRecord): FeedRecord {
  const newest = theirs.checkedAt > ours.checkedAt ? theirs : ours;
  const enclosures = new Map(
    [...newest.enclosures].map(([key, enclosure]) => {
      const others = [ours, theirs].flatMap((record) => record.enclosures.get(key) ?? []);
      return [key, others.reduce((best, other) => (other.checkedAt > best.checkedAt ? other : best), enclosure)];
    }),
  );
  return { ...newest, changedAt: Math.max(ours.changedAt, theirs.changedAt), enclosures };
}

export const encodeFeed = ({ enclosures, ...record }: FeedRecord): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      ...record,
      enclosures: [...enclosures].map(([key, { checkedAt, sizes, hasChapters, failures }]) => [
        ...[key, checkedAt, sizes, Number(hasChapters), failures],
      ]),
    }),
  );

/** The record in `bytes`; an empty one when they hold none. */
export function decodeFeed(bytes: Uint8Array): FeedRecord {
  try {
    const { enclosures, ...record } = JSON.parse(Buffer.from(bytes).toString()) as StoredFeed;
    const entries = enclosures.map(
      ([key, checkedAt, sizes, hasChapters, failures]) =>
        [key, { checkedAt, sizes, hasChapters: hasChapters === 1, failures }] as const,
    );
    return { ...record, enclosures: new Map(entries) };
  } catch {
    return EMPTY_FEED;
  }
}

type StoredFeed = Omit<FeedRecord, 'enclosures'> & {
  readonly enclosures: readonly [string, Milliseconds, readonly (Bytes | null)[], number, number][];
};
