import { expect, test } from 'vitest';
import type { FeedItem } from '../../src/media/rss-items.ts';
import type { FeedBook } from '../../src/relay/feed-book.ts';
import { feedPlanner } from '../../src/relay/feed-plan.ts';

test('of one feed 10,000 sources are looked at', () => {
  const looked = new Set<string>();
  const book: Partial<FeedBook> = {
    of: () => undefined,
    look: ({ source }) => {
      looked.add(source);
      return Promise.resolve();
    },
  };
  const planner = feedPlanner({
    ...{
      book: book as FeedBook,
      links: {} as never,
      renditions: [''],
      isSettled: false,
      hls: null,
      station: null,
      now: () => 1,
    },
    ...{ patience: new AbortController().signal, base: 'https://here.example', meter: {} as never },
  });
  const item = (number: number): FeedItem => ({
    ...{ kind: 'item', start: 0, end: 0, scope: new Map(), hasChapters: false, about: {}, channel: {} },
    enclosures: Array.from({ length: 32 }, (_, at) => ({
      ...{ url: `https://example.com/${number}/${at}.mp3`, type: 'audio/mpeg', places: {} as never },
    })),
  });
  for (let number = 0; number < 320; number++) planner.plan(item(number));
  planner.plan(item(0));
  expect([looked.size, planner.wanted().length]).toEqual([10_000, 10_000]);
});
