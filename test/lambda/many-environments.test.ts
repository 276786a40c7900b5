import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startBaton, testKeys } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { S3_CREDENTIALS, startS3Server, type S3Server } from '../support/s3-server.ts';
import { source } from '../support/sources.ts';

const FULL = process.env['BATON_FULL'] === '1';
const SECONDS = FULL ? 180 : 60;
const RANGES = FULL ? 300 : 40;
const AT_ONCE = 8;
const OPTIONS = 'codec.mp3~bitrate.64k';

let origin: Origin;
let s3: S3Server;
let right: Buffer;
beforeAll(async () => {
  origin = await startOrigin((await source('vbr-xing.mp3', { seconds: SECONDS })).bytes);
  await using server = await startBaton({ allowOrigins: [origin.origin] });
  right = (await get(server.file(origin.url(), OPTIONS))).bytes;
});
afterAll(() => origin.close());
afterEach(() => s3.close());

const onS3 = async (): Promise<LambdaBaton> => {
  s3 = await startS3Server();
  const environment = {
    BATON_STORE: `s3://${s3.bucket}/store`,
    BATON_S3_ENDPOINT: s3.endpoint,
    AWS_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey,
  };
  return startOnLambda({ allowOrigins: [origin.origin], environment }, testKeys(), 'buffered-url');
};

interface Part {
  readonly start: number;
  readonly end: number;
}

const parts = (count: number): Part[] =>
  Array.from({ length: count }, (_, n) => ({
    start: Math.floor((right.length * n) / count),
    end: Math.floor((right.length * (n + 1)) / count),
  }));

/** Asks for all of `lists` at once and for the parts of each one after another; gives those that came wrong. */
async function listen(url: string, lists: readonly Part[][]): Promise<string[]> {
  const wrong: string[] = [];
  const follow = async (list: Part[]): Promise<void> => {
    for (let next = list.shift(); next !== undefined; next = list.shift()) {
      const { start, end } = next;
      const response = await fetch(url, { headers: { range: `bytes=${start}-${end - 1}` } });
      const bytes = Buffer.from(await response.arrayBuffer());
      const isRight = response.status === 206 && bytes.equals(right.subarray(start, end));
      if (!isRight) wrong.push(`${start}-${end}: ${response.status}, ${bytes.length} bytes`);
    }
  };
  await Promise.all(lists.map(follow));
  return wrong;
}

/** What was encoded and written, as the functions and S3 tell it. */
async function tally(baton: LambdaBaton) {
  await baton.idle();
  const puts = s3.requests.filter(({ method, key }) => method === 'PUT' && key.startsWith('store/chunk/'));
  return {
    chunks: [...s3.objects.keys()].filter((key) => key.includes('/store/chunk/')).length,
    stored: puts.filter(({ status }) => status === 200).length,
    lost: puts.filter(({ status }) => status === 412).length,
    encoded: baton.usage.reduce((sum, { chunksEncoded }) => sum + chunksEncoded, 0),
    environments: baton.lambda.functions.get('ranges')?.stats().environments ?? 0,
  };
}

/** Like people who listen from different places: each one's ranges follow one another. */
function stretches(all: readonly Part[], count: number): Part[][] {
  const share = Math.ceil(all.length / count);
  return Array.from({ length: count }, (_, n) => all.slice(n * share, (n + 1) * share));
}

test(`a chain of ${RANGES} ranges over many environments encodes each chunk once`, async () => {
  await using baton = await onS3();
  expect(await listen(baton.file(origin.url(), OPTIONS), stretches(parts(RANGES), AT_ONCE))).toEqual([]);
  const { chunks, stored, lost, encoded, environments } = await tally(baton);
  console.log(`${encoded} encodes of ${chunks} chunks, ${lost} of them lost races, in ${environments} environments`);
  expect(environments).toBeGreaterThan(5);
  expect(chunks).toBe(Math.ceil(SECONDS / 2.4) + 1);
  expect(stored).toBe(chunks);
  expect(encoded).toBe(stored + lost);
  const inVain = baton.usage.filter(({ chunksEncoded, chunksStored }) => chunksEncoded + chunksStored === 0);
  expect(inVain).toEqual([]); // what is not whole is not stored
  expect(lost).toBeLessThan(AT_ONCE); // where one's stretch ends and another's begins
}, 90_000);

test('who asks for neighbouring ranges at the same time has a chunk encoded for each of them, and no more', async () => {
  await using baton = await onS3();
  const half = Math.floor(SECONDS / 4.5);
  const queue = parts(2 * half).slice(0, half); // about a chunk each, so that most begin in one and end in the next
  const lists = Array.from({ length: AT_ONCE }, () => queue);
  expect(await listen(baton.file(origin.url(), OPTIONS), lists)).toEqual([]);
  const { chunks, stored, lost, encoded } = await tally(baton);
  console.log(`${encoded} encodes of ${chunks} chunks, ${lost} of them lost races`);
  expect(stored).toBe(chunks);
  expect(encoded).toBe(stored + lost);
  expect(encoded).toBeLessThanOrEqual(2 * half);
}, 90_000);

test.each(['slowDown', 'hangs'] as const)(
  'S3 with %s for a while: every listener gets every byte, and afterwards it is used again',
  async (fault) => {
    await using baton = await onS3();
    const url = baton.file(origin.url(), OPTIONS);
    const all = parts(SECONDS / 2.4);
    expect(await listen(url, stretches(all.slice(0, 8), 4))).toEqual([]);
    s3.faults[fault] = Infinity;
    expect(await listen(url, stretches(all.slice(4, 14), 4))).toEqual([]);
    const during = await tally(baton);
    s3.faults[fault] = 0;
    expect(during.chunks).toBeGreaterThan(5);
    expect(during.encoded).toBeGreaterThan(during.chunks + 5); // nowhere to put them
    baton.lambda.functions.get('ranges')?.refresh(); // one that has just failed is left alone for some seconds
    expect(await listen(url, stretches(all.slice(0, 14), 4))).toEqual([]);
    expect((await tally(baton)).chunks).toBeGreaterThan(12);
  },
  60_000,
);
