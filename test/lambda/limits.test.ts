import { afterAll, beforeAll, expect, test } from 'vitest';
import { mp3Grid } from '../../src/grid/codecs.ts';
import { id3Size } from '../../src/media/id3.ts';
import { startBaton, testKeys } from '../support/baton.ts';
import { get, type Answer } from '../support/client.ts';
import { frameFacts } from '../support/mp3-forge.ts';
import { startOnLambda, type LambdaBaton, type LambdaOptions } from '../support/lambda-baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { source } from '../support/sources.ts';
import { eventFor, sdk } from './sdk.ts';

const MiB = 2 ** 20;
const MINUTE = 'codec.mp3~bitrate.64k';
const keys = testKeys();

let minute: Origin;
let large: Origin;
let right: Buffer;
let copy: Uint8Array;

beforeAll(async () => {
  minute = await startOrigin((await source('cbr.mp3', { seconds: 60 })).bytes);
  const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 60 });
  copy = Buffer.concat(Array<Uint8Array>(Math.ceil((212 * MiB) / bytes.length)).fill(bytes));
  large = await startOrigin(copy, { etag: '"large"' });
  await using baton = await startBaton({ allowOrigins: [minute.origin] });
  right = (await promisedFile(baton.file(minute.url(), MINUTE))).bytes;
});
afterAll(() => Promise.all([minute.close(), large.close()]));

const start = (options: LambdaOptions): Promise<LambdaBaton> =>
  startOnLambda({ allowOrigins: [minute.origin, large.origin], ...options }, keys, 'function-url');

/** How much of `text` the log has. */
const logged = ({ lines }: LambdaBaton, text: string): number =>
  lines.filter((line) => line.text.includes(text)).length;

test('a response that runs into the time ends at a chunk, is told as cut, and Range with If-Range goes on', async () => {
  await using baton = await start({ timeoutSeconds: 6 });
  using client = sdk(baton);
  const url = baton.file(minute.url(), MINUTE);
  minute.behaviour = { bytesPerSecond: 80_000 }; // a minute in 12 s
  const first = await client.stream(eventFor(url));
  expect(first).toMatchObject({ status: 200, complete: { errorCode: 'RESPONSE_LIMIT' } });
  expect(first.body.length).toBeGreaterThan(right.length / 10);
  expect(first.body.length).toBeLessThan(right.length);
  const infoFrame = frameFacts(right, id3Size(right) ?? 0).size;
  const inFrames = first.body.length - (id3Size(right) ?? 0) - infoFrame;
  expect(inFrames % (mp3Grid(64).chunkFrames * 192)).toBe(0); // 24 ms at 64 kbit/s
  await baton.idle();
  expect(baton.usage.at(-1)).toMatchObject({ outcome: 'cut', error: 'RESPONSE_LIMIT', status: 200 });

  minute.behaviour = {};
  const headers = { 'if-range': first.headers['etag'] ?? '' };
  let got = first.body;
  for (let before = -1; got.length < right.length;) {
    expect(got.length).toBeGreaterThan(before); // on a busy machine the rest may run into the time as well
    before = got.length;
    const rest = await get(url, { range: `${got.length}-`, headers });
    expect(rest.status).toBe(206);
    got = Buffer.concat([got, rest.bytes]);
  }
  expect(got.equals(right)).toBe(true);
  expect(logged(baton, 'Task timed out')).toBe(0);
  expect(baton.lambda.functions.get('file')?.stats()).toMatchObject({ exits: 0, coldStarts: 1 });
});

test('a file of no known length, from a source that is slow, is cut before the time is over', async () => {
  const slow = (await source('vbr-bare.mp3', { seconds: 60 })).bytes;
  await using origin = await startOrigin(slow, { bytesPerSecond: 60_000, length: false, range: 'ignored' });
  await using other = await startOnLambda({ allowOrigins: [origin.origin], timeoutSeconds: 4 }, keys, 'function-url');
  const answer = await get(other.file(origin.url(), MINUTE));
  expect(answer).toMatchObject({ status: 200, complete: false });
  expect(answer.bytes.length).toBeGreaterThan(10_000);
  await other.idle();
  expect(other.usage).toMatchObject([{ outcome: 'cut', error: 'RESPONSE_LIMIT' }]);
  expect(logged(other, 'Task timed out')).toBe(0);
  expect(other.lambda.functions.get('file')?.stats().exits).toBe(0);
});

test('a response that is held back at the rate of the platform ends in time, too', async () => {
  await using baton = await start({ timeoutSeconds: 8 }); // what sockets hold may take longer than that
  const { status, complete, bytes } = await get(baton.file(large.url(), 'codec.copy'));
  expect({ status, complete }).toEqual({ status: 200, complete: false });
  expect(bytes.length).toBeGreaterThan(10 * MiB);
  expect(bytes.length).toBeLessThan(22 * MiB);
  await baton.idle();
  expect(baton.usage.at(-1)).toMatchObject({ outcome: 'cut', error: 'RESPONSE_LIMIT' });
  expect(logged(baton, 'Task timed out')).toBe(0);
  expect(baton.lambda.functions.get('file')?.stats().exits).toBe(0);
});

test('a file above 200 MB is cut just below that by Baton, not by the platform, and the rest can be had', async () => {
  await using baton = await start({ timeoutSeconds: 120, limits: { burstBytes: 2 ** 30, bytesPerSecond: 2 ** 30 } });
  const url = baton.file(large.url(), 'codec.copy');
  const first: Answer = await get(url);
  expect(first).toMatchObject({ status: 200, complete: false });
  expect(first.bytes.length).toBeGreaterThan(198 * MiB);
  expect(first.bytes.length).toBeLessThan(200 * MiB);
  await baton.idle();
  expect(baton.usage.at(-1)).toMatchObject({ outcome: 'cut', error: 'RESPONSE_LIMIT' });
  expect(logged(baton, 'Function.ResponseSizeTooLarge')).toBe(0);

  const whole = Number(first.headers['content-length']);
  const headers = { 'if-range': String(first.headers.etag) };
  const parts = [first.bytes];
  for (let at = first.bytes.length; at < whole;) {
    const part = await get(url, { range: `${at}-`, headers });
    expect(part).toMatchObject({ status: 206, complete: true });
    expect(part.bytes.length).toBe(Math.min(4 * MiB, whole - at));
    parts.push(part.bytes);
    at += part.bytes.length;
  }
  const frames = Buffer.concat(parts).subarray(whole - copy.length);
  expect(frames.equals(copy)).toBe(true);
});
