import { expect, test } from 'vitest';
import type { MeasuredRecord } from '../../src/meter/emf.ts';
import { startBaton, testKeys } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOnLambda } from '../support/lambda-baton.ts';
import { S3_CREDENTIALS, startS3Server } from '../support/s3-server.ts';
import { startOrigin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { source } from '../support/sources.ts';

const OPTIONS = 'codec.mp3~bitrate.64k';

test('the packed function reads sources from a bucket, and keeps what it makes in one', async () => {
  const { bytes } = await source('cbr.mp3', { seconds: 8 });
  await using origin = await startOrigin(bytes);
  await using server = await startBaton({ allowOrigins: [origin.origin] });
  const right = (await promisedFile(server.file(origin.url(), OPTIONS))).bytes;

  await using s3 = await startS3Server({ bucket: 'podcasts' });
  s3.put('in/episode.mp3', bytes);
  const environment = {
    BATON_S3_ENDPOINT: s3.endpoint,
    BATON_STORE: 's3://podcasts/store',
    BATON_SOURCE_BUCKETS: 'podcasts/in',
    AWS_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey,
  };
  await using baton = await startOnLambda({ allowOrigins: [], environment }, testKeys(), 'function-url');
  const url = baton.file('s3://podcasts/in/episode.mp3', OPTIONS);
  expect((await get(url)).bytes.equals(right)).toBe(true);
  await baton.idle();
  expect((await get(url, { range: '5000-9999' })).bytes.equals(right.subarray(5_000, 10_000))).toBe(true);
  await baton.idle();
  expect(baton.usage).toMatchObject([
    { outcome: 'whole', chunksEncoded: 4, chunksStored: 0 },
    { outcome: 'whole', chunksEncoded: 0, chunksStored: 1 },
  ]);
  const asked = (method: string): number =>
    s3.requests.filter((request) => request.method === method && request.key.startsWith('store/')).length;
  const told = (baton.usage as MeasuredRecord[]).map(
    ({ lambda }) => [lambda?.storeReads, lambda?.storeWrites] as const,
  );
  expect(told.reduce((sum, [reads = NaN]) => sum + reads, 0)).toBe(asked('GET'));
  expect(told.reduce((sum, [, writes = NaN]) => sum + writes, 0)).toBe(asked('PUT'));
  expect(told[1]?.[1]).toBe(0); // what the environment did before is not counted again
});
