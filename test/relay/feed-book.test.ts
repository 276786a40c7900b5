import { describe, expect, test } from 'vitest';
import { BatonError, type FailureCode } from '../../src/errors.ts';
import { feedBook } from '../../src/relay/feed-book.ts';
import { lengthsOf } from '../../src/relay/feed-record.ts';
import { memoryStore } from '../../src/store/memory.ts';

const DAY = 86_400_000;
const SOURCE = 'https://example.com/a.mp3';
const FOUND = { sizes: [1000], hasChapters: true, settled: Promise.resolve() };

/** Whether the length is still told after each of the failures, one a day. */
async function keptThrough(failures: readonly FailureCode[]): Promise<boolean[]> {
  let now = DAY;
  let fault: FailureCode | null = null;
  const measure = (): Promise<typeof FOUND> =>
    fault === null ? Promise.resolve(FOUND) : Promise.reject(new BatonError(fault));
  const store = memoryStore({ maxBytes: 1e6 });
  const life = new AbortController().signal;
  const book = await feedBook({ key: 'feed/a', store, measure, now: () => now, revalidateMs: DAY, life });
  const look = async (): Promise<boolean> => {
    now += DAY;
    await book.look({ source: SOURCE, publishedAt: null });
    await book.idle();
    return lengthsOf(book.of(SOURCE), now) !== null;
  };
  expect(await look()).toBe(true);
  const kept: boolean[] = [];
  for (fault of failures) kept.push(await look());
  return kept;
}

describe('a known length', () => {
  test('is kept through ten looks that fail and forgotten at the next one', async () => {
    const kept = await keptThrough(Array.from({ length: 11 }, () => 'SOURCE_UNREACHABLE'));
    expect(kept).toEqual([...Array.from({ length: 10 }, () => true), false]);
  });

  test.each<FailureCode>([
    'SOURCE_MISSING',
    'SOURCE_PRIVATE',
    'SOURCE_NOT_MEDIA',
    'CODEC_UNSUPPORTED',
    'SOURCE_UNMEASURED',
  ])('is forgotten at once after %s, and not found by failing otherwise', async (code) => {
    expect(await keptThrough(['SOURCE_TIMEOUT', code, 'SOURCE_TIMEOUT'])).toEqual([true, false, false]);
  });
});
