import { afterEach, beforeEach, expect, test } from 'vitest';
import { breakerStore } from '../../src/store/breaker.ts';
import type { Store } from '../../src/store/store.ts';
import { describeStore } from './contract.ts';
import { openS3, type OpenS3 } from './open-s3.ts';

describeStore('S3 behind a breaker', async () => {
  const opened = await openS3();
  return { store: breakerStore(opened.store), close: () => opened.close() };
});

let s3: OpenS3;
let store: Store;
let now: number;
beforeEach(async () => {
  s3 = await openS3({ attempts: 1 });
  now = 1_000_000;
  store = breakerStore(s3.store, { readMs: 500, writeMs: 600, failures: 3, restMs: 5_000, now: () => now });
  s3.server.put('baton/v1/chunk/a', Buffer.from('value'));
});
afterEach(() => s3.close());

const FAILED = { code: 'STORE_FAILED' };
const ALONE = { ...FAILED, detail: expect.stringContaining('left alone') as string };
const asked = (): number => s3.server.requests.length;
const read = async (): Promise<string> => Buffer.from((await store.get('chunk/a'))?.bytes ?? []).toString();

test('a store that hangs takes its bound from the first listener and nothing from the next ones', async () => {
  s3.server.faults.hangs = Infinity;
  const began = performance.now();
  await expect(read()).rejects.toMatchObject({ ...FAILED, detail: 'no answer within 500 ms' });
  await Promise.all(Array.from({ length: 50 }, () => expect(read()).rejects.toMatchObject(ALONE)));
  await expect(store.putIfAbsent('chunk/b', Buffer.from('x'))).rejects.toMatchObject(ALONE);
  await expect(Array.fromAsync(store.list(''))).rejects.toMatchObject(ALONE);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(asked()).toBe(1);
});

test('failures open it when they come in a row', async () => {
  for (const good of [0, 1]) {
    s3.server.faults.serverErrors = 2;
    for (let i = 0; i < 2; i += 1) await expect(read()).rejects.toMatchObject(FAILED);
    expect([good, await read()]).toEqual([good, 'value']);
  }
  s3.server.faults.serverErrors = 3;
  for (let i = 0; i < 3; i += 1) await expect(read()).rejects.toMatchObject(FAILED);
  const before = asked();
  await expect(read()).rejects.toMatchObject(ALONE);
  expect(asked()).toBe(before);
});

test('after its rest one call tries, alone; when that goes well all do', async () => {
  s3.server.faults.hangs = 1;
  await expect(read()).rejects.toMatchObject(FAILED);
  now += 4_999;
  await expect(read()).rejects.toMatchObject(ALONE);
  now += 1;
  s3.server.faults.latencyMs = 20;
  const trial = read();
  await expect(read()).rejects.toMatchObject(ALONE);
  expect(await trial).toBe('value');
  expect(await Promise.all([read(), read()])).toEqual(['value', 'value']);
});

test('when the trial fails the rest begins anew', async () => {
  s3.server.faults.hangs = 1;
  await expect(read()).rejects.toMatchObject(FAILED);
  now += 5_000;
  s3.server.faults.serverErrors = 1;
  await expect(read()).rejects.toMatchObject({ detail: expect.stringContaining('500') as string });
  now += 4_999;
  await expect(read()).rejects.toMatchObject(ALONE);
  now += 1;
  expect(await read()).toBe('value');
});

test('a listener who leaves says nothing about the store, and gives the trial to another', async () => {
  const reason = new Error('the listener left');
  const leave = async (): Promise<void> => {
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(reason), 10);
    await expect(store.get('chunk/a', leaving.signal)).rejects.toBe(reason);
  };
  s3.server.faults.hangs = 5;
  for (let i = 0; i < 4; i += 1) await leave();
  await expect(read()).rejects.toMatchObject({ detail: 'no answer within 500 ms' });
  now += 5_000;
  s3.server.faults.hangs = 1;
  await leave();
  expect(await read()).toBe('value');
});

test('bad keys and absent entries are no failures of the store', async () => {
  for (let i = 0; i < 5; i += 1) {
    await expect(store.get('../a')).rejects.toMatchObject(FAILED);
    expect(await store.get('chunk/nothing')).toBeNull();
    expect(await store.putIfAbsent('chunk/a', Buffer.from('other'))).toBe(false);
  }
  expect(await read()).toBe('value');
});
