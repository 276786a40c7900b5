import { expect, test } from 'vitest';
import type { FeedItem } from '../../src/media/rss-items.ts';
import { byteWindow } from '../../src/relay/byte-window.ts';
import { spliced } from '../../src/relay/feed-splice.ts';

test.each([1, 3, 7, 1000])('bytes in pieces of %i come out up to where they are asked for', (size) => {
  const bytes = Uint8Array.from({ length: 500 }, (_, at) => at);
  const window = byteWindow();
  for (let at = 0; at < bytes.length; at += size) window.push(bytes.subarray(at, at + size));
  const taken = [0, 1, 1, 5, 6, 100, 99, 499, Infinity, Infinity].map((end) => Buffer.concat(window.take(end)));
  expect(taken.map(({ length }) => length)).toEqual([0, 1, 0, 4, 1, 94, 0, 399, 1, 0]);
  expect(Buffer.concat(taken).equals(bytes)).toBe(true);
  expect(window.size()).toBe(0);
});

test('a feed in single bytes passes, however long an item is', async () => {
  const feed = Buffer.from(
    `<rss><channel><item>${' '.repeat(150_000)}<enclosure url="https://example.com/a.mp3"/></item></channel></rss>`,
  );
  async function* bytewise(): AsyncGenerator<Uint8Array, void> {
    await Promise.resolve();
    for (let at = 0; at < feed.length; at++) yield feed.subarray(at, at + 1);
  }
  const from = (part: object): number => ('start' in part ? (part as FeedItem).start : 0);
  const planner = { plan: (part: object) => ({ from: from(part), decide: () => ({ edits: [] }) }), wanted: () => [] };
  const out: Uint8Array[] = [];
  for await (const piece of spliced(bytewise(), planner)) out.push(piece);
  expect(Buffer.concat(out).equals(feed)).toBe(true);
});
