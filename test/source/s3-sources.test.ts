import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNet } from '../../src/net/open.ts';
import { s3Source } from '../../src/net/s3-source.ts';
import { createSources, type Sources } from '../../src/source/sources.ts';
import { s3Client, s3SourceLimits } from '../../src/store/s3-client.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { S3_CREDENTIALS, startS3Server, type S3Server } from '../support/s3-server.ts';
import { source } from '../support/sources.ts';
import { decodeRun, digest, digestOf, soon } from './setting.ts';

let server: S3Server;
let sources: Sources;
let pass: (ms: number) => void;
let close: () => Promise<void>;
beforeEach(async () => {
  server = await startS3Server({ bucket: 'podcasts' });
  let time = Date.now();
  pass = (ms) => void (time += ms);
  const options = { endpoint: server.endpoint, region: 'eu-test-1', credentials: S3_CREDENTIALS };
  const client = () => Promise.resolve(s3Client({ ...options, limits: s3SourceLimits }));
  const net = createNet({ s3: s3Source({ allowed: [{ bucket: 'podcasts', prefix: '' }], client }) });
  const store = memoryStore({ maxBytes: 50e6 });
  sources = createSources({ net, store, now: () => time, revalidateMs: 300_000, maxSpoolBytes: 64e6 });
  close = async () => {
    await sources.close();
    await net.close();
    await server.close();
  };
});
afterEach(() => close());

const URL_OF = 's3://podcasts/staffel%201/folge%20%C3%B6.mp3';
const KEY = 'staffel 1/folge ö.mp3';
const samples = async (name: 'cbr.mp3' | 'vbr-xing.mp3'): Promise<Uint8Array> => readFile((await source(name)).path);

test.each(['cbr.mp3', 'vbr-bare.mp3', 'chapters.m4a'] as const)(
  '%s in a bucket is exact and read by ranges only',
  async (name) => {
    const fixture = await source(name);
    const bytes = await readFile(fixture.path);
    server.put(KEY, bytes);
    const opened = await sources.indexed(await sources.open(URL_OF, soon()), soon());
    expect(opened.record.samples).toBe(fixture.expectedSamples);
    expect(await digestOf(sources, opened, 0, bytes.length)).toBe(digest(bytes));
    const from = Math.floor(fixture.expectedSamples / 2);
    const pcm = await decodeRun(sources, opened, from, from + 10_000);
    expect(pcm.data.length / pcm.channels).toBe(10_000);
    expect(server.requests.filter(({ method, range }) => method !== 'GET' || range === null)).toEqual([]);
  },
);

test('an object that is still the same is confirmed by one byte, and a changed one is a new version', async () => {
  server.put(KEY, await samples('cbr.mp3'));
  const first = await sources.open(URL_OF, soon());
  const before = server.requests.length;
  pass(301_000);
  expect((await sources.open(URL_OF, soon())).record.version).toBe(first.record.version);
  expect(server.requests.slice(before)).toMatchObject([{ status: 206, range: 'bytes=0-0' }]);
  server.put(KEY, await samples('vbr-xing.mp3'));
  pass(301_000);
  expect((await sources.open(URL_OF, soon())).record.version).not.toBe(first.record.version);
});

test('a response under way never mixes two versions', async () => {
  server.put(KEY, await samples('cbr.mp3'));
  const opened = await sources.open(URL_OF, soon());
  server.put(KEY, await samples('vbr-xing.mp3'));
  await expect(digestOf(sources, opened, 100_000, 110_000)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
});

test('an object that was copied onto itself, with another ETag, goes on', async () => {
  const bytes = await samples('cbr.mp3');
  server.put(KEY, bytes);
  const opened = await sources.open(URL_OF, soon());
  const standing = server.objects.get(`podcasts/${KEY}`);
  if (standing === undefined) throw new Error('not there');
  server.objects.set(`podcasts/${KEY}`, { ...standing, etag: '"of-many-parts-2"' });
  expect(await digestOf(sources, opened, 100_000, 110_000)).toBe(digest(bytes.subarray(100_000, 110_000)));
});

test('a passing failure of S3 is not heard', async () => {
  const bytes = await samples('cbr.mp3');
  server.put(KEY, bytes);
  Object.assign(server.faults, { slowDown: 1, cutBodies: 1 });
  const opened = await sources.open(URL_OF, soon());
  Object.assign(server.faults, { serverErrors: 1, cutBodies: 2, resets: 1 });
  expect(await digestOf(sources, opened, 0, bytes.length)).toBe(digest(bytes));
});

test.each([
  ['s3://podcasts/nothing.mp3', 'SOURCE_MISSING'],
  ['s3://podcasts/private.mp3', 'SOURCE_PRIVATE'],
  ['s3://podcasts/empty.mp3', 'SOURCE_EMPTY'],
  ['s3://podcasts/page.mp3', 'SOURCE_NOT_MEDIA'],
  ['s3://podcasts/gzipped.mp3', 'SOURCE_ENCODED'],
  ['s3://elsewhere/one.mp3', 'SOURCE_REFUSED'],
  ['s3://podcasts/..%2fone.mp3', 'SOURCE_URL_INVALID'],
])('%s is %s', async (url, code) => {
  server.put('private.mp3', await samples('cbr.mp3'));
  server.put('empty.mp3', Buffer.of());
  server.put('page.mp3', Buffer.from('<!doctype html><title>An episode</title>'.repeat(50)));
  server.put('gzipped.mp3', await samples('cbr.mp3'), { 'content-encoding': 'gzip' });
  server.faults.denied = ({ key }) => key === 'private.mp3';
  await expect(sources.open(url, soon())).rejects.toMatchObject({ code });
});
