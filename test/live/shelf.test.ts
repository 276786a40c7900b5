import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createShelf } from '../../src/live/shelf.ts';
import { memoryStore } from '../../src/store/memory.ts';

test('a chunk that several wait for is read once, also when who asked first leaves', async () => {
  const store = memoryStore({ maxBytes: 1_000 });
  await store.putIfAbsent('7', Uint8Array.of(1, 2, 3));
  let reads = 0;
  const slow = {
    ...store,
    get: async (key: string, signal?: AbortSignal) => {
      reads += 1;
      await sleep(50, undefined, signal === undefined ? {} : { signal });
      return store.get(key);
    },
  };
  const shelf = createShelf(slow, String, () => undefined);
  const leaving = new AbortController();
  const first = shelf.find(7, leaving.signal);
  const second = shelf.find(7, AbortSignal.timeout(5_000));
  leaving.abort(new Error('left'));
  await expect(first).rejects.toThrow('left');
  expect((await second)?.complete()).toEqual(Uint8Array.of(1, 2, 3));
  expect(reads).toBe(1);
});
