import { expect, test } from 'vitest';
import { addSigningKey, removeSigningKey, syncKeys } from '../../src/key-sync/rotate.ts';
import { parseKeys } from '../../src/sign/keys.ts';
import { cloud } from './stand-ins.ts';

const signal = new AbortController().signal;
const key = (kid: string, fill: number): string => `${kid}:${Buffer.alloc(32, fill).toString('base64url')}`;
const inText = (text: string | null): [string, string][] =>
  [...parseKeys(text ?? '').byId].map(([kid, secret]) => [kid, Buffer.from(secret).toString('base64url')]);

test('an empty secret gets a first key, and the edge a copy of it', async () => {
  await using aws = await cloud();
  const { current, accepted } = await syncKeys(aws.places, signal);
  expect(accepted).toEqual([current]);
  expect(inText(aws.secret)).toEqual([...aws.store]);
  expect(aws.store.get(current)).toHaveLength(43);
});

test('the calls of the KeyValueStore are signed for all regions, those of the secret for its own', async () => {
  await using aws = await cloud();
  await syncKeys(aws.places, signal);
  const signed = (call: string) => aws.seen.authorizations[aws.seen.calls.indexOf(call)];
  expect(signed('UpdateKeys')).toMatch(
    /^AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/cloudfront-keyvaluestore\//,
  );
  expect(signed('GetSecretValue')).toMatch(/^AWS4-HMAC-SHA256 /);
});

test('a second sync writes nothing', async () => {
  await using aws = await cloud();
  const first = await syncKeys(aws.places, signal);
  const { secret } = aws;
  aws.seen.calls.length = 0;
  expect(await syncKeys(aws.places, signal)).toEqual(first);
  expect(aws.secret).toBe(secret);
  expect(aws.seen.calls).toEqual(['GetSecretValue', 'DescribeKeyValueStore', 'ListKeys']);
});

test('what differs at the edge is put right: missing, changed and foreign keys, over several pages', async () => {
  await using aws = await cloud();
  aws.secret = `${key('a', 1)}\n${key('b', 2)}\n${key('c', 3)}\n`;
  aws.store.set('b', 'something else').set('old', 'x').set('older', 'y').set('c', key('c', 3).slice(2));
  await syncKeys(aws.places, signal);
  expect(new Map(inText(aws.secret))).toEqual(new Map([...aws.store].sort()));
});

test('120 foreign keys go away in calls of at most 50', async () => {
  await using aws = await cloud();
  aws.secret = key('a', 1);
  for (let i = 0; i < 120; i++) aws.store.set(`foreign${i}`, 'x');
  await syncKeys(aws.places, signal);
  expect([...aws.store.keys()]).toEqual(['a']);
  expect(aws.seen.calls.filter((call) => call === 'UpdateKeys')).toHaveLength(3);
});

test('a new key is at the edge before it is in the secret, and signs from then on', async () => {
  await using aws = await cloud();
  aws.secret = key('a', 1);
  aws.seen.calls.length = 0;
  const { current, accepted } = await addSigningKey(aws.places, signal);
  expect(accepted).toEqual([current, 'a']);
  expect(parseKeys(aws.secret).current).toBe(current);
  expect(new Map(inText(aws.secret))).toEqual(aws.store);
  expect(aws.seen.calls.indexOf('UpdateKeys')).toBeLessThan(aws.seen.calls.indexOf('PutSecretValue'));
});

test('a removed key leaves the secret before it leaves the edge, and the next one signs', async () => {
  await using aws = await cloud();
  aws.secret = `${key('a', 1)}\n${key('b', 2)}\n`;
  await syncKeys(aws.places, signal);
  aws.seen.calls.length = 0;
  expect(await removeSigningKey(aws.places, 'a', signal)).toEqual({ current: 'b', accepted: ['b'] });
  expect([...aws.store.keys()]).toEqual(['b']);
  expect(aws.seen.calls.indexOf('PutSecretValue')).toBeLessThan(aws.seen.calls.indexOf('UpdateKeys'));
});

test.each([
  ['an unknown key', 'zz', `${key('a', 1)},${key('b', 2)}`],
  ['__proto__', '__proto__', `${key('a', 1)},${key('b', 2)}`],
  ['the only key', 'a', key('a', 1)],
])('%s is not removed', async (_, kid, secret) => {
  await using aws = await cloud();
  aws.secret = secret;
  await expect(removeSigningKey(aws.places, kid, signal)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  expect(aws.secret).toBe(secret);
});

test('a write by somebody else in between is seen: all is read and compared again', async () => {
  await using aws = await cloud();
  aws.secret = key('a', 1);
  let touched = 0;
  aws.before = (call) => {
    if (call !== 'ListKeys' || touched === 2) return undefined;
    touched++;
    aws.store.set(`theirs${touched}`, 'x');
    aws.touch();
    return undefined;
  };
  await syncKeys(aws.places, signal);
  expect(aws.seen.calls.filter((call) => call === 'UpdateKeys')).toHaveLength(3);
  expect([...aws.store.keys()]).toEqual(['a']);
});

test('a store that changes all the time is given up on', async () => {
  await using aws = await cloud();
  aws.secret = key('a', 1);
  aws.before = (call) => (call === 'ListKeys' ? void aws.touch() : undefined);
  await expect(syncKeys(aws.places, signal)).rejects.toMatchObject({
    code: 'STORE_FAILED',
    detail: /ConflictException/,
  });
});

test('a failure of AWS tells neither keys nor what AWS said of them', async () => {
  await using aws = await cloud();
  aws.secret = key('a', 1);
  aws.before = (call) => (call === 'UpdateKeys' || call === 'PutSecretValue' ? 400 : undefined);
  for (const work of [syncKeys(aws.places, signal), addSigningKey(aws.places, signal)]) {
    const thrown = await work.then(
      () => null,
      (error: unknown) => error,
    );
    expect(thrown).toMatchObject({ code: 'STORE_FAILED', detail: expect.stringMatching(/\(400\)/) as string });
    expect((thrown as Error).cause).toBeUndefined();
    expect(JSON.stringify(thrown)).not.toContain('AQEB');
  }
});

test('a secret that holds something else is not overwritten', async () => {
  await using aws = await cloud();
  aws.secret = '{"username":"admin"}';
  await expect(syncKeys(aws.places, signal)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(aws.secret).toBe('{"username":"admin"}');
  expect(aws.store.size).toBe(0);
});
