import { afterEach, beforeEach, expect, test } from 'vitest';
import { newObject } from '../support/s3-server-object.ts';
import { openS3, type OpenS3 } from './open-s3.ts';

let s3: OpenS3;
beforeEach(async () => {
  s3 = await openS3();
});
afterEach(() => s3.close());

const PATH = 'baton-test/baton/v1/chunk/a';
const standing = (path = PATH): string | undefined => s3.server.objects.get(path)?.bytes.toString();
const sent = (method: string): number => s3.server.requests.filter((request) => request.method === method).length;

test('of twenty processes that put one key at once exactly one is told that it stored it', async () => {
  s3.server.faults.latencyMs = 5;
  for (const races of [false, true]) {
    s3.server.faults.conflictOnRaces = races;
    const stores = Array.from({ length: 20 }, () => s3.another());
    const key = `chunk/${String(races)}`;
    const won = await Promise.all(stores.map((store, n) => store.putIfAbsent(key, Buffer.from(`value ${n}`))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(standing(`baton-test/baton/v1/${key}`)).toBe(`value ${won.indexOf(true)}`);
  }
});

test('of twenty processes that replace one version at once exactly one is told that it did', async () => {
  await s3.store.putIfAbsent('pin/a', Buffer.from('first'));
  const { tag = '' } = (await s3.store.get('pin/a')) ?? {};
  const stores = Array.from({ length: 20 }, () => s3.another());
  const won = await Promise.all(
    stores.map((store, n) => store.replaceIfMatch('pin/a', Buffer.from(`value ${n}`), tag)),
  );
  expect(won.filter(Boolean)).toHaveLength(1);
  expect(standing('baton-test/baton/v1/pin/a')).toBe(`value ${won.indexOf(true)}`);
});

test('a race that is lost costs one request', async () => {
  await s3.store.putIfAbsent('chunk/a', Buffer.from('first'));
  expect(await s3.another().putIfAbsent('chunk/a', Buffer.from('second'))).toBe(false);
  expect(s3.server.requests.map(({ method, status }) => [method, status])).toEqual([
    ['PUT', 200],
    ['PUT', 412],
  ]);
});

test('a write that meets another one is tried again', async () => {
  s3.server.faults.conflicts = 3;
  expect(await s3.store.putIfAbsent('chunk/a', Buffer.from('mine'))).toBe(true);
  expect([standing(), sent('PUT'), sent('HEAD')]).toEqual(['mine', 4, 0]);
});

test('a write that meets others every time is decided by what stands', async () => {
  s3.server.faults.conflicts = 100;
  const nothing = s3.store.putIfAbsent('chunk/a', Buffer.from('mine'));
  await expect(nothing).rejects.toMatchObject({
    code: 'STORE_FAILED',
    detail: expect.stringContaining('409') as string,
  });
  s3.server.put('baton/v1/chunk/a', Buffer.from('theirs'));
  expect(await s3.store.putIfAbsent('chunk/a', Buffer.from('mine'))).toBe(false);
  expect(await s3.store.replaceIfMatch('chunk/a', Buffer.from('mine'), '"another"')).toBe(false);
  const { etag } = newObject(Buffer.from('theirs'), {});
  await expect(s3.store.replaceIfMatch('chunk/a', Buffer.from('mine'), etag)).rejects.toMatchObject({
    code: 'STORE_FAILED',
  });
  expect(standing()).toBe('theirs');
});

test('a put that was stored, but whose answer was lost, is known as ours', async () => {
  s3.server.faults.lostReplies = 1;
  expect(await s3.store.putIfAbsent('chunk/a', Buffer.from('mine'))).toBe(true);
  expect([standing(), sent('PUT')]).toEqual(['mine', 2]);
});

test('a put whose answer was lost, although the same bytes of somebody else stand, is not ours', async () => {
  s3.server.put('baton/v1/chunk/a', Buffer.from('same'));
  s3.server.faults.resets = 1;
  expect(await s3.store.putIfAbsent('chunk/a', Buffer.from('same'))).toBe(false);
});

test('a replacement that was stored, but whose answer was lost, is known as ours', async () => {
  await s3.store.putIfAbsent('pin/a', Buffer.from('1'));
  const { tag = '' } = (await s3.store.get('pin/a')) ?? {};
  s3.server.faults.lostReplies = 1;
  expect(await s3.store.replaceIfMatch('pin/a', Buffer.from('2'), tag)).toBe(true);
  expect(await s3.another().replaceIfMatch('pin/a', Buffer.from('3'), tag)).toBe(false);
  expect(standing('baton-test/baton/v1/pin/a')).toBe('2');
});

test('a bucket that is not there is a failure, not an absent entry', async () => {
  s3.server.buckets.clear();
  const failure = { code: 'STORE_FAILED', detail: expect.stringContaining('NoSuchBucket') as string };
  await expect(s3.store.get('chunk/a')).rejects.toMatchObject(failure);
  await expect(s3.store.putIfAbsent('chunk/a', Buffer.from('x'))).rejects.toMatchObject(failure);
  await expect(s3.store.replaceIfMatch('chunk/a', Buffer.from('x'), '"tag"')).rejects.toMatchObject(failure);
});

test('lists thousands of keys, and none that are not its own', async () => {
  const keys = Array.from({ length: 2_500 }, (_, n) => `chunk/many/${n}`);
  for (const key of keys) s3.server.put(`baton/v1/${key}`, Buffer.from(''));
  for (const odd of ['baton/v1', 'baton/v1/', 'baton/v1/a b', 'baton/v2/chunk/many/1', 'other'])
    s3.server.put(odd, Buffer.from(''));
  expect((await Array.fromAsync(s3.store.list(''))).sort()).toEqual([...keys].sort());
  expect(sent('GET')).toBe(3);
  expect(await Array.fromAsync(s3.store.list('chunk/many/249'))).toHaveLength(11);
});

test('an entry is one object that names its writer', async () => {
  await s3.store.putIfAbsent('chunk/a', Buffer.from('mine'));
  const object = s3.server.objects.get(PATH);
  expect(object?.headers['x-amz-meta-baton-writer']).toMatch(/^[0-9a-f-]{36}$/);
  expect(s3.server.requests[0]?.headers['x-amz-checksum-crc32']).toBe(object?.crc32);
});
