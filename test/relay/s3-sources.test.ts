import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOrigin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { S3_CREDENTIALS, startS3Server, type S3Server } from '../support/s3-server.ts';
import { source } from '../support/sources.ts';

const OPTIONS = 'codec.mp3~bitrate.64k~end.9500ms';
const URL_OF = 's3://podcasts/show/folge%20%C3%B6.mp3';

let s3: S3Server;
let baton: TestBaton;
let episode: Uint8Array;
beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', S3_CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', S3_CREDENTIALS.secretAccessKey);
  vi.stubEnv('AWS_REGION', 'eu-test-1');
  s3 = await startS3Server({ bucket: 'podcasts' });
  s3.buckets.add('elsewhere');
  episode = (await source('vbr-xing.mp3')).bytes;
  s3.put('show/folge ö.mp3', episode);
  s3.put('private/one.mp3', episode);
  s3.objects.set('elsewhere/one.mp3', s3.objects.get('podcasts/private/one.mp3') ?? never());
  const sourceBuckets = [{ bucket: 'podcasts', prefix: 'show' }];
  baton = await startBaton({ allowOrigins: [], config: { s3Endpoint: s3.endpoint, sourceBuckets } });
});
afterAll(async () => {
  await baton.stop();
  await s3.close();
  vi.unstubAllEnvs();
});

const never = (): never => {
  throw new Error('not there');
};

/** The same episode from a web server, once its length is known. */
async function fromTheWeb(options: string): Promise<Buffer> {
  await using origin = await startOrigin(episode);
  await using other = await startBaton({ allowOrigins: [origin.origin] });
  return (await promisedFile(other.file(origin.url(), options))).bytes;
}

test.each([OPTIONS, 'codec.copy'])('an MP3 in a bucket plays as %s as it does from the web', async (options) => {
  const expected = await fromTheWeb(options);
  const url = baton.file(URL_OF, options);
  const first = await get(url);
  expect(first).toMatchObject({ status: 200, complete: true });
  await promisedFile(url);
  const head = await get(url, { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(head.headers['content-length']).toBe(String(expected.length));
  const part = await get(url, { range: '30000-39999' });
  expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 30000-39999/${expected.length}`]);
  expect(part.bytes.equals(expected.subarray(30_000, 40_000))).toBe(true);
  const tail = await get(url, { range: '-500' });
  expect(tail.bytes.equals(expected.subarray(-500))).toBe(true);
  const whole = await get(url);
  expect(whole).toMatchObject({ status: 200, complete: true });
  expect(whole.bytes.equals(expected)).toBe(true);
  expect(whole.headers['etag']).toBe(head.headers['etag']);
});

test('only GETs with a range reach the bucket', () => {
  expect(s3.requests.length).toBeGreaterThan(3);
  expect(s3.requests.filter(({ method, range }) => method !== 'GET' || range === null)).toEqual([]);
});

test.each([
  ['another bucket', 's3://elsewhere/one.mp3', 403, 'SOURCE_REFUSED'],
  ['another folder of the bucket', 's3://podcasts/private/one.mp3', 403, 'SOURCE_REFUSED'],
  ['a folder whose name begins alike', 's3://podcasts/show-not/one.mp3', 403, 'SOURCE_REFUSED'],
  ['an object that is not there', 's3://podcasts/show/two.mp3', 404, 'SOURCE_MISSING'],
])('%s is refused, and nothing of it is told', async (_name, url, status, code) => {
  const before = s3.requests.length;
  const answer = await get(baton.file(url, OPTIONS));
  expect(answer.status).toBe(status);
  const text = answer.bytes.toString();
  expect(JSON.parse(text)).toMatchObject({ code });
  expect(text).not.toMatch(/elsewhere|podcasts|127\.0\.0\.1/);
  if (code === 'SOURCE_REFUSED') expect(s3.requests.length).toBe(before);
});
