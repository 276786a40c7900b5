import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { S3_CREDENTIALS, startS3Server, type S3Server } from './s3-server.ts';

let server: S3Server;
let sdk: S3Client;
beforeEach(async () => {
  server = await startS3Server();
  const { endpoint } = server;
  sdk = new S3Client({
    endpoint,
    forcePathStyle: true,
    region: 'eu-test-1',
    credentials: S3_CREDENTIALS,
    maxAttempts: 1,
  });
});
afterEach(async () => {
  sdk.destroy();
  await server.close();
});

const at = (key: string) => ({ Bucket: 'baton-test', Key: key });

test('takes a stream as the SDK sends it, in chunks with the checksum behind them', async () => {
  const pieces = Array.from({ length: 5 }, (_, n) => Buffer.alloc(9_000, n));
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  await sdk.send(new PutObjectCommand({ ...at('a/b'), Body: Readable.from(pieces), ContentLength: size }));
  expect(server.requests[0]?.headers['content-encoding']).toBe('aws-chunked');
  expect(server.objects.get('baton-test/a/b')?.bytes.equals(Buffer.concat(pieces))).toBe(true);
  const { Body, ChecksumCRC32 } = await sdk.send(new GetObjectCommand({ ...at('a/b'), ChecksumMode: 'ENABLED' }));
  expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(Buffer.concat(pieces))).toBe(true);
  expect(ChecksumCRC32).toBe(server.objects.get('baton-test/a/b')?.crc32);
});

test('keeps conditions, metadata and ranges', async () => {
  const { ETag } = await sdk.send(
    new PutObjectCommand({ ...at('a'), Body: 'one', IfNoneMatch: '*', Metadata: { who: 'me' } }),
  );
  const refused = { $metadata: expect.objectContaining({ httpStatusCode: 412 }) as unknown };
  const put = (condition: object) => sdk.send(new PutObjectCommand({ ...at('a'), Body: 'two', ...condition }));
  await expect(put({ IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed', ...refused });
  await expect(put({ IfMatch: '"other"' })).rejects.toMatchObject(refused);
  await expect(sdk.send(new DeleteObjectCommand({ ...at('a'), IfMatch: '"other"' }))).rejects.toMatchObject(refused);
  await expect(sdk.send(new GetObjectCommand({ ...at('a'), IfMatch: '"other"' }))).rejects.toMatchObject(refused);
  expect(await sdk.send(new HeadObjectCommand(at('a')))).toMatchObject({
    ETag,
    ContentLength: 3,
    Metadata: { who: 'me' },
  });
  const part = await sdk.send(new GetObjectCommand({ ...at('a'), Range: 'bytes=1-1' }));
  expect([await part.Body?.transformToString(), part.ContentRange]).toEqual(['n', 'bytes 1-1/3']);
  await put({ IfMatch: ETag });
  await sdk.send(new DeleteObjectCommand(at('a')));
  await expect(sdk.send(new GetObjectCommand(at('a')))).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test('refuses what was damaged on its way, unsigned requests and other buckets', async () => {
  const wrong = new PutObjectCommand({ ...at('a'), Body: 'one', ChecksumCRC32: 'AAAAAA==' });
  await expect(sdk.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' });
  expect((await fetch(`${server.endpoint}/baton-test/a`)).status).toBe(403);
  const elsewhere = new ListObjectsV2Command({ Bucket: 'elsewhere' });
  await expect(sdk.send(elsewhere)).rejects.toMatchObject({ name: 'NoSuchBucket' });
});
