import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startBaton, testKeys } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const OPTIONS = 'codec.mp3~bitrate.64k';

let origin: Origin;
let content: Uint8Array;
let reference: Buffer;
beforeAll(async () => {
  content = (await source('vbr-bare.mp3', { seconds: 120 })).bytes;
  await using first = await startOrigin(content);
  await using server = await startBaton({ allowOrigins: [first.origin] });
  const url = server.file(first.url(), OPTIONS);
  await get(url); // its index is complete afterwards
  reference = (await get(url, { range: '0-' })).bytes;
});
beforeEach(async () => {
  origin = await startOrigin(content);
});
afterEach(() => origin.close());

const keysOf = (baton: LambdaBaton, prefix: string): Promise<string[]> => Array.fromAsync(baton.store.list(prefix));

test('a seek index that one invocation began is finished by the next ones', async () => {
  origin.behaviour = { bytesPerSecond: 350_000 };
  const setup = { allowOrigins: [origin.origin], timeoutSeconds: 2 };
  await using baton = await startOnLambda(setup, testKeys(), 'buffered-url');
  const url = baton.file(origin.url(), OPTIONS);
  const before = origin.bytesSent;
  const first = await get(url, { method: 'HEAD' });
  expect([first.status, first.headers['retry-after']]).toEqual([503, '1']);
  expect(baton.usage[0]).toMatchObject({ error: 'SOURCE_UNMEASURED' });
  expect(await keysOf(baton, 'begun/')).toHaveLength(1);
  expect(await keysOf(baton, 'index/')).toEqual([]);

  let tries = 1;
  let answer = first;
  for (; answer.status === 503 && tries < 8; tries++) {
    baton.lambda.functions.get('ranges')?.refresh(); // each in an environment of its own
    answer = await get(url, { range: '400000-400999' });
  }
  expect(answer.status).toBe(206);
  expect(answer.bytes.equals(reference.subarray(400_000, 401_000))).toBe(true);
  expect(answer.headers['content-range']).toBe(`bytes 400000-400999/${reference.length}`);
  expect(await keysOf(baton, 'begun/')).toEqual([]);
  expect(await keysOf(baton, 'index/')).toHaveLength(1);
  expect(tries).toBeGreaterThanOrEqual(3);
  expect(baton.lambda.functions.get('ranges')?.stats().coldStarts).toBe(tries);
  const read = origin.bytesSent - before;
  console.log(`${tries} invocations read ${(read / content.length).toFixed(2)} of the source`);
  expect(read).toBeLessThan(1.9 * content.length);
}, 60_000);

test('a source without ranges is downloaded once, whoever asks for it', async () => {
  origin.behaviour = { range: 'ignored' };
  const setup = { allowOrigins: [origin.origin] };
  await using baton = await startOnLambda(setup, testKeys(), 'buffered-url');
  const url = baton.file(origin.url(), OPTIONS);
  const before = origin.seen.length;
  const head = await get(url, { method: 'HEAD' });
  expect([head.status, head.headers['content-length']]).toEqual([200, String(reference.length)]);
  for (const at of [0, 600_000, 300_000]) {
    baton.lambda.functions.get('ranges')?.refresh();
    const part = await get(url, { range: `${at}-${at + 49_999}` });
    expect([part.status, part.bytes.equals(reference.subarray(at, at + 50_000))]).toEqual([206, true]);
  }
  expect(baton.lambda.functions.get('ranges')?.stats().coldStarts).toBe(4);
  const whole = origin.seen.slice(before).filter(({ state, bytesSent }) => state === 'done' && bytesSent > 100_000);
  expect(whole).toHaveLength(1);
  expect(await keysOf(baton, 'spool/')).not.toEqual([]);
}, 60_000);
