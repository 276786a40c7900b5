import { expect, test } from 'vitest';
import { headFile } from '../../src/live/head-file.ts';
import type { Head } from '../../src/live/head.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { awayStore } from './away-store.ts';

const soon = AbortSignal.timeout(10_000);
const EMPTY: Head = {
  ...{ version: '00000000', createdAt: 0, station: {} },
  ...{ epochs: [], anchor: null, titles: [], renditions: {} },
};
const titled =
  (title: string) =>
  (head: Head | null): Head => ({ ...(head ?? EMPTY), titles: [...(head?.titles ?? []), { title, at: 0 }] });
const titlesOf = (head: Head | null): string[] => (head?.titles ?? []).map(({ title }) => title);

test('what changed while the store was away is written when it is back', async () => {
  const store = awayStore(memoryStore({ maxBytes: 2 ** 20 }));
  const file = headFile(store, 'live/a');
  await file.update(titled('before'), soon);
  store.away = true;
  await file.update(titled('during'), soon);
  expect(titlesOf(file.latest())).toEqual(['before', 'during']);
  store.away = false;
  expect(titlesOf(await file.read(soon))).toEqual(['before', 'during']);
  await file.update(titled('after'), soon);
  const other = headFile(store, 'live/a');
  expect(titlesOf(await other.read(soon))).toEqual(['before', 'during', 'after']);
});

test('what another one has written meanwhile stands', async () => {
  const shared = memoryStore({ maxBytes: 2 ** 20 });
  const store = awayStore(shared);
  const file = headFile(store, 'live/a');
  const other = headFile(shared, 'live/a');
  await file.update(titled('before'), soon);
  store.away = true;
  await file.update(titled('unheard'), soon);
  await other.update(titled('other'), soon);
  store.away = false;
  expect(titlesOf(await file.update(titled('after'), soon))).toEqual(['before', 'other', 'after']);
});
