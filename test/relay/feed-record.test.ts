import { describe, expect, it } from 'vitest';
import {
  decodeFeed,
  EMPTY_FEED,
  encodeFeed,
  isDue,
  isSettled,
  lengthsOf,
  merged,
  type EnclosureRecord,
  type FeedRecord,
} from '../../src/relay/feed-record.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const known = (checkedAt: number, size: number): EnclosureRecord => ({
  ...{ checkedAt, sizes: [size, null, 7], hasChapters: size > 100, failures: 0 },
});
const failed = (checkedAt: number, failures: number): EnclosureRecord => ({
  ...{ checkedAt, sizes: [], hasChapters: false, failures },
});
const record = (checkedAt: number, enclosures: Record<string, EnclosureRecord>): FeedRecord => ({
  version: { etag: '"1"', modified: null, type: 'application/rss+xml' },
  ...{ checkedAt, changedAt: checkedAt, enclosures: new Map(Object.entries(enclosures)) },
});

describe('a record', () => {
  it('is what was stored, and empty where that is damaged', () => {
    const stored = record(5, { a: known(1, 50), b: known(2, 500), c: failed(3, 2) });
    expect(decodeFeed(encodeFeed(stored))).toEqual(stored);
    for (const text of ['', '{', 'null', '{"enclosures":7}', '[]'])
      expect(decodeFeed(Buffer.from(text))).toEqual(EMPTY_FEED);
  });

  it('takes over what another process has found out since', () => {
    const ours = record(20, { a: known(10, 1), b: known(15, 2), c: failed(18, 1) });
    const theirs = record(10, { a: known(12, 3), b: known(5, 4), d: known(9, 5) });
    const both = merged(ours, theirs);
    expect(both).toEqual(merged(theirs, ours));
    expect([...both.enclosures]).toEqual([
      ['a', known(12, 3)],
      ['b', known(15, 2)],
      ['c', failed(18, 1)],
    ]);
  });
});

describe('an enclosure', () => {
  it.each<[string, EnclosureRecord, number, boolean]>([
    ['nobody has looked at', failed(0, 0), DAY, true],
    ['is known since yesterday noon', known(1, 5), DAY, false],
    ['is known for a day', known(1, 5), DAY + 1, true],
    ['was looked at by a clock ahead', known(5, 5), 4, true],
    ['failed once, five minutes ago', failed(1, 1), 5 * MINUTE + 1, true],
    ['failed once, just now', failed(1, 1), 4 * MINUTE, false],
    ['failed twice', failed(1, 2), 19 * MINUTE, false],
    ['failed twice, long ago', failed(1, 2), 21 * MINUTE, true],
    ['fails all the time', failed(1, 50), DAY - 1, false],
    ['fails all the time, every day', failed(1, 50), DAY + 1, true],
  ])('that %s', (_name, enclosure, now, due) => {
    expect(isDue(enclosure, now)).toBe(due);
    expect(isSettled(record(1, { enclosure }), now)).toBe(!due);
  });

  it('keeps its length for a week in which nobody could look', () => {
    expect(lengthsOf(known(1, 5), 6 * DAY)).toMatchObject({ sizes: [5, null, 7] });
    expect(lengthsOf(known(1, 5), 8 * DAY)).toBeNull();
    expect(lengthsOf(failed(1, 1), 2)).toBeNull();
    expect(lengthsOf(undefined, 2)).toBeNull();
  });
});
