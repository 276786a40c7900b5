import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { S3_CREDENTIALS } from '../support/s3-server.ts';
import { openS3, type OpenS3 } from './open-s3.ts';

let s3: OpenS3;
let store: Store;
beforeEach(async () => {
  s3 = await openS3({ connectMs: 500, requestMs: 300, silenceMs: 300 });
  store = s3.store;
  s3.server.put('baton/v1/chunk/a', VALUE);
});
afterEach(() => s3.close());

const VALUE = Buffer.from(Array.from({ length: 40_000 }, (_, at) => (at * 7) & 255));
const PATIENT = { requestMs: 60_000, silenceMs: 60_000 };
const FAILED = { code: 'STORE_FAILED' };
const OPERATIONS: readonly [string, (store: Store, signal?: AbortSignal) => Promise<unknown>, unknown][] = [
  ['a read', async (at, signal) => (await at.get('chunk/a', signal))?.bytes.length, 40_000],
  ['a read of a part', async (at, signal) => (await at.getRange('chunk/a', { start: 5, end: 9 }, signal))?.length, 4],
  ['a put', (at, signal) => at.putIfAbsent('chunk/b', VALUE, signal), true],
  ['a first version', (at, signal) => at.replaceIfMatch('pin/b', VALUE, null, signal), true],
  ['a list', (at, signal) => Array.fromAsync(at.list('chunk/', signal)), ['chunk/a']],
  ['a deletion', (at) => at.delete('chunk/a'), undefined],
];

describe.each(OPERATIONS)('%s', (name, operate, expected) => {
  test.each(['serverErrors', 'resets', 'hangs', 'lostReplies'] as const)(
    'succeeds after %s, and fails when they do not end',
    async (fault) => {
      s3.server.faults[fault] = fault === 'hangs' ? 1 : 2;
      expect(await operate(store)).toEqual(expected);
      s3.server.objects.clear();
      s3.server.faults[fault] = Infinity;
      const began = performance.now();
      await expect(operate(store)).rejects.toMatchObject(FAILED);
      expect(performance.now() - began).toBeLessThan(3_000);
    },
  );

  test('that hangs ends at once when the listener leaves', async () => {
    if (name === 'a deletion') return;
    const patient = s3.another(PATIENT);
    s3.server.faults.hangs = Infinity;
    const reason = new Error('the listener left');
    const leaving = new AbortController();
    const asked = operate(patient, leaving.signal);
    setTimeout(() => leaving.abort(reason), 50);
    const began = performance.now();
    await expect(asked).rejects.toBe(reason);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

test('a write that S3 asks to slow down is tried again after a pause', async () => {
  s3.server.faults.slowDown = 1;
  expect(await store.putIfAbsent('chunk/b', VALUE)).toBe(true);
  expect(s3.server.requests.map(({ status }) => status)).toEqual([503, 200]);
});

test('a listener who leaves in that pause need not wait for its end', async () => {
  s3.server.faults.slowDown = Infinity;
  const reason = new Error('the listener left');
  const leaving = new AbortController();
  const asked = expect(store.get('chunk/a', leaving.signal)).rejects.toBe(reason);
  await vi.waitFor(() => expect(s3.server.requests[0]?.status).toBe(503), { interval: 1 });
  const began = performance.now();
  leaving.abort(reason);
  await asked;
  expect(performance.now() - began).toBeLessThan(50);
});

test.each(['cutBodies', 'stalledBodies', 'damagedBodies'] as const)(
  'a read goes well after one of the %s',
  async (fault) => {
    s3.server.faults[fault] = 1;
    expect(Buffer.compare((await store.get('chunk/a'))?.bytes ?? Buffer.of(), VALUE)).toBe(0);
    expect(s3.server.requests).toHaveLength(2);
  },
);

test.each(['cutBodies', 'stalledBodies'] as const)('a read fails when the %s do not end', async (fault) => {
  s3.server.faults[fault] = Infinity;
  await expect(store.get('chunk/a')).rejects.toMatchObject(FAILED);
  await expect(store.getRange('chunk/a', { start: 0, end: 30_000 })).rejects.toMatchObject(FAILED);
});

test('an object that was damaged where it lies counts as absent, and makes room for a good one', async () => {
  const path = 'baton-test/baton/v1/chunk/a';
  const good = s3.server.objects.get(path);
  if (good === undefined) throw new Error('not there');
  s3.server.objects.set(path, { ...good, bytes: Buffer.concat([VALUE.subarray(0, 39_999), Buffer.of(1)]) });
  expect(await store.get('chunk/a')).toBeNull();
  expect(s3.server.objects.has(path)).toBe(false);
  expect(await store.putIfAbsent('chunk/a', VALUE)).toBe(true);
  expect((await store.get('chunk/a'))?.bytes.length).toBe(40_000);
});

test('an upload that is damaged on its way is not stored', async () => {
  s3.server.faults.damagedUploads = Infinity;
  await expect(store.putIfAbsent('chunk/b', VALUE)).rejects.toMatchObject(FAILED);
  expect(s3.server.objects.has('baton-test/baton/v1/chunk/b')).toBe(false);
});

test('a server that is not there is a failure', async () => {
  await s3.server.close();
  await expect(store.get('chunk/a')).rejects.toMatchObject({
    ...FAILED,
    detail: expect.stringContaining('ECONNREFUSED') as string,
  });
});

test('no error holds anything of a key or a signature', async () => {
  const faults = ['slowDown', 'serverErrors', 'hangs', 'resets'] as const;
  const quick = s3.another({ requestMs: 50, attempts: 1 });
  const errors: unknown[] = [];
  const failures = async (): Promise<void> => {
    for (const [, operate] of OPERATIONS) await operate(quick).catch((error: unknown) => errors.push(error));
  };
  for (const fault of faults) {
    s3.server.faults[fault] = Infinity;
    await failures();
    s3.server.faults[fault] = 0;
  }
  s3.server.faults.denied = () => true;
  await failures();
  expect(errors).toHaveLength(faults.length * OPERATIONS.length + OPERATIONS.length);
  const text = errors.map((error) => inspect(error, { depth: 20, showHidden: true })).join('\n');
  expect(text).toContain('AccessDenied');
  for (const secret of [S3_CREDENTIALS.accessKeyId, S3_CREDENTIALS.secretAccessKey, 'Signature', 'authorization'])
    expect(text).not.toContain(secret);
});

test('connections are kept and few', async () => {
  const busy = s3.another(PATIENT);
  for (let round = 0; round < 2; round += 1)
    await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        await busy.putIfAbsent(`chunk/${round}/${n}`, VALUE);
        return busy.getRange('chunk/a', { start: 0, end: 100 });
      }),
    );
  expect(s3.server.connected).toBeLessThanOrEqual(32);
});
