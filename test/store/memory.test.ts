import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { describeStore } from './contract.ts';

describeStore('memory', () => {
  const store = memoryStore({ maxBytes: 1_000_000 });
  return Promise.resolve({ store, close: () => store.close() });
});

const value = Buffer.alloc(1000);
const keys = ['chunk/0', 'chunk/1', 'chunk/2', 'chunk/3'];
const forFour = { maxBytes: 4 * (1000 + 128 + 7) };

test('a full memory store lets the value go that was used longest ago', async () => {
  const store = memoryStore(forFour);
  for (const key of keys) await store.putIfAbsent(key, value);
  await store.get('chunk/0');
  await store.getRange('chunk/1', { start: 0, end: 1 });
  await store.putIfAbsent('chunk/4', value);
  await store.putIfAbsent('chunk/5', value);
  expect(await Array.fromAsync(store.list(''))).toEqual(['chunk/0', 'chunk/1', 'chunk/4', 'chunk/5']);
});

test('a memory store counts what replaced and deleted values free', async () => {
  const store = memoryStore(forFour);
  for (const key of keys) await store.putIfAbsent(key, value);
  for (let round = 0; round < 10; round += 1) {
    const { tag = '' } = (await store.get('chunk/0')) ?? {};
    expect(await store.replaceIfMatch('chunk/0', value, tag)).toBe(true);
  }
  await store.delete('chunk/1');
  await store.putIfAbsent('chunk/1', value);
  expect((await Array.fromAsync(store.list(''))).sort()).toEqual(keys);
});

test('a memory store refuses a value larger than itself and keeps the others', async () => {
  const store = memoryStore(forFour);
  for (const key of keys) await store.putIfAbsent(key, value);
  await expect(store.putIfAbsent('chunk/4', Buffer.alloc(5000))).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(await Array.fromAsync(store.list(''))).toEqual(keys);
});

test('a memory store does not grow without end by empty values', async () => {
  const store = memoryStore({ maxBytes: 10_000 });
  for (let n = 0; n < 1000; n += 1) await store.putIfAbsent(`chunk/${n}`, new Uint8Array());
  expect((await Array.fromAsync(store.list(''))).length).toBeLessThan(100);
});
