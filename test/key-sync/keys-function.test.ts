import { afterEach, expect, test, vi } from 'vitest';
import type { StackEvent } from '../../src/key-sync/custom-resource.ts';
import { keysFunction } from '../../src/key-sync/keys-function.ts';
import { cloud, type Cloud } from './stand-ins.ts';

const key = (kid: string, fill: number): string => `${kid}:${Buffer.alloc(32, fill).toString('base64url')}`;
const remaining = (ms: number) => ({ getRemainingTimeInMillis: () => ms });
const event = (aws: Cloud, type: StackEvent['RequestType'], more: Partial<StackEvent> = {}): StackEvent => ({
  RequestType: type,
  ResponseURL: aws.responseUrl,
  StackId: 'arn:aws:cloudformation:eu-central-1:123456789012:stack/baton-prod/1',
  RequestId: '6cf4d7a2-2d8e-4c1e-8c8a-1f5b3c9d1e2f',
  LogicalResourceId: 'KeysInPlace',
  ...more,
});

afterEach(() => void vi.restoreAllMocks());

test('a new stack gets its first key, and its answer', async () => {
  await using aws = await cloud();
  expect(await keysFunction(event(aws, 'Create'), remaining(60_000), aws.places)).toBeNull();
  const { RequestId, StackId, LogicalResourceId } = event(aws, 'Create');
  expect(aws.seen.answers).toEqual([
    { Status: 'SUCCESS', PhysicalResourceId: 'baton-signing-keys', StackId, RequestId, LogicalResourceId },
  ]);
  expect(aws.seen.answerTypes).toEqual([undefined]);
  expect(aws.store.size).toBe(1);
});

test('an update keeps the id of the resource and the keys, and mends the edge', async () => {
  await using aws = await cloud();
  aws.secret = key('a', 1);
  await keysFunction(event(aws, 'Update', { PhysicalResourceId: 'earlier' }), remaining(60_000), aws.places);
  expect(aws.seen.answers).toMatchObject([{ Status: 'SUCCESS', PhysicalResourceId: 'earlier' }]);
  expect(aws.secret).toBe(key('a', 1));
  expect([...aws.store.keys()]).toEqual(['a']);
});

test('a deleted stack leaves the keys as they are', async () => {
  await using aws = await cloud();
  aws.secret = key('a', 1);
  aws.before = (call) => (call === 'answer' ? undefined : 500);
  await keysFunction(event(aws, 'Delete', { PhysicalResourceId: 'x' }), remaining(60_000), aws.places);
  expect(aws.seen.calls).toEqual(['answer']);
  expect(aws.seen.answers).toMatchObject([{ Status: 'SUCCESS', PhysicalResourceId: 'x' }]);
});

test.each(['GetSecretValue', 'PutSecretValue', 'DescribeKeyValueStore', 'ListKeys', 'UpdateKeys'])(
  'a stack is told when %s fails, without secrets',
  async (failing) => {
    await using aws = await cloud();
    aws.before = (call) => (call === failing ? 403 : undefined);
    await keysFunction(event(aws, 'Create'), remaining(60_000), aws.places, [1, 1]);
    expect(aws.seen.calls.filter((call) => call === failing)).toHaveLength(3);
    expect(aws.seen.answers).toMatchObject([{ Status: 'FAILED', Reason: expect.stringMatching(/\(403\)$/) as string }]);
  },
);

test('rights that arrive late are waited for', async () => {
  await using aws = await cloud();
  let refusals = 2;
  aws.before = (call) => (call !== 'answer' && refusals-- > 0 ? 403 : undefined);
  await keysFunction(event(aws, 'Create'), remaining(60_000), aws.places, [1, 1, 1]);
  expect(aws.seen.answers).toMatchObject([{ Status: 'SUCCESS' }]);
  expect(aws.store.size).toBe(1);
});

test('a stack is told in time when AWS does not answer', async () => {
  await using aws = await cloud();
  const stuck = Promise.withResolvers<undefined>();
  aws.before = (call) => (call === 'answer' ? undefined : stuck.promise);
  const startedAt = performance.now();
  await keysFunction(event(aws, 'Create'), remaining(8_000), aws.places);
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  expect(aws.seen.answers).toMatchObject([{ Status: 'FAILED', Reason: 'The function ran out of time.' }]);
  stuck.resolve(undefined);
});

test('the answer is sent again when it was not taken', async () => {
  await using aws = await cloud();
  let refusals = 2;
  aws.before = (call) => (call === 'answer' && refusals-- > 0 ? 503 : undefined);
  await keysFunction(event(aws, 'Create'), remaining(60_000), aws.places);
  expect(aws.seen.answers).toHaveLength(1);
});

test('an answer that nobody takes is a failure that does not tell the address', async () => {
  await using aws = await cloud();
  aws.before = (call) => (call === 'answer' ? 503 : undefined);
  const failed = keysFunction(event(aws, 'Delete'), remaining(60_000), aws.places);
  const thrown: unknown = await failed.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toMatchObject({ code: 'STORE_FAILED' });
  expect(JSON.stringify(thrown)).not.toContain('presigned');
});

test('a stack created twice has one key', async () => {
  await using aws = await cloud();
  await keysFunction(event(aws, 'Create'), remaining(60_000), aws.places);
  const { secret } = aws;
  await keysFunction(event(aws, 'Create'), remaining(60_000), aws.places);
  expect(aws.secret).toBe(secret);
  expect(aws.seen.answers).toHaveLength(2);
});

test('called directly it adds, removes and syncs, and tells ids alone', async () => {
  await using aws = await cloud();
  const written = vi.spyOn(process.stdout, 'write');
  const call = (payload: unknown) => keysFunction(payload, remaining(60_000), aws.places);
  const first = await call({ action: 'sync' });
  const added = await call({ action: 'add' });
  const [oldest = ''] = first?.ok === true ? first.accepted : [];
  expect(added).toMatchObject({ ok: true, accepted: [expect.any(String), oldest] });
  const removed = await call({ action: 'remove', kid: oldest });
  expect(removed).toEqual({ ok: true, current: expect.any(String) as string, accepted: [expect.any(String)] });
  const told = JSON.stringify([first, added, removed, written.mock.calls]);
  for (const secret of aws.store.values()) expect(told).not.toContain(secret);
});

test('called directly it says so when AWS does not answer in time', async () => {
  await using aws = await cloud();
  const stuck = Promise.withResolvers<undefined>();
  aws.before = () => stuck.promise;
  const answer = await keysFunction({ action: 'add' }, remaining(1_300), aws.places);
  expect(answer).toMatchObject({ ok: false, code: 'STORE_FAILED', detail: /out of time/ });
  stuck.resolve(undefined);
});

test.each([[null], [{}], [{ action: 'drop' }], [{ action: 'remove' }], [{ action: 'remove', kid: 7 }], ['add']])(
  '%j is not understood, and changes nothing',
  async (payload) => {
    await using aws = await cloud();
    expect(await keysFunction(payload, remaining(60_000), aws.places)).toMatchObject({
      ok: false,
      code: 'OPTIONS_INVALID',
    });
    expect(aws.seen.calls).toEqual([]);
  },
);
