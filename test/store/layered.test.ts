import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { layeredStore } from '../../src/store/layered.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { describeStore } from './contract.ts';
import { openFolder } from './open-folder.ts';

const layers = () => {
  const front = memoryStore({ maxBytes: 1_000_000 });
  const back = memoryStore({ maxBytes: 1_000_000 });
  return { front, back, store: layeredStore(front, back) };
};

describeStore('layered', async () => {
  const back = await openFolder();
  const store = layeredStore(memoryStore({ maxBytes: 200_000 }), back.store);
  return { store, close: () => back.close() };
});

test('the front answers for an immutable key once it was read', async () => {
  const { back, store } = layers();
  await back.putIfAbsent('chunk/a', Buffer.from('0123'));
  await store.get('chunk/a');
  await back.delete('chunk/a');
  expect(Buffer.from((await store.get('chunk/a'))?.bytes ?? []).toString()).toBe('0123');
});

test('the front answers for an immutable key once a part of it was read, or it was put', async () => {
  const { front, back, store } = layers();
  await back.putIfAbsent('probe/a', Buffer.from('0123'));
  await store.getRange('probe/a', { start: 1, end: 2 });
  await store.putIfAbsent('spool/a/0', Buffer.from('4567'));
  expect((await Array.fromAsync(front.list(''))).sort()).toEqual(['probe/a', 'spool/a/0']);
});

test.each(['pin/a', 'chunk', 'chunks/a', 'other/chunk/a'])(
  'the front never answers for %s, which may change',
  async (key) => {
    const { front, back, store } = layers();
    await store.putIfAbsent(key, Buffer.from('1'));
    await store.get(key);
    await store.getRange(key, { start: 0, end: 1 });
    expect(await Array.fromAsync(front.list(''))).toEqual([]);
    const { tag = '' } = (await back.get(key)) ?? {};
    await back.replaceIfMatch(key, Buffer.from('2'), tag);
    expect(Buffer.from((await store.get(key))?.bytes ?? []).toString()).toBe('2');
  },
);

test('the front takes nothing that the back refused, nor the value that lost', async () => {
  const { front, back, store } = layers();
  await back.putIfAbsent('chunk/a', Buffer.from('theirs'));
  expect(await store.putIfAbsent('chunk/a', Buffer.from('ours'))).toBe(false);
  expect(await Array.fromAsync(front.list(''))).toEqual([]);
  await expect(store.putIfAbsent('chunk/b', Buffer.alloc(2_000_000))).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(await Array.fromAsync(front.list(''))).toEqual([]);
});

test('a value too large for the front is served from the back', async () => {
  const back = memoryStore({ maxBytes: 1_000_000 });
  const store = layeredStore(memoryStore({ maxBytes: 1000 }), back);
  expect(await store.putIfAbsent('chunk/a', Buffer.alloc(5000, 1))).toBe(true);
  expect((await store.get('chunk/a'))?.bytes.byteLength).toBe(5000);
});
