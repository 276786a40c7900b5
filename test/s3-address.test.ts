import { expect, test } from 'vitest';
import { isBucket, parseS3Address } from '../src/s3-address.ts';

test.each([
  ['s3://bucket', 'bucket', ''],
  ['s3://bucket/', 'bucket', ''],
  ['s3://my.bucket-1/baton', 'my.bucket-1', 'baton'],
  ['s3://bucket/a/b_c/d.e-f/', 'bucket', 'a/b_c/d.e-f'],
])('%s is a bucket and a prefix', (text, bucket, prefix) => {
  expect(parseS3Address(text)).toEqual({ bucket, prefix });
});

test.each([
  ...['', 'bucket', 's3:bucket', 's3:/bucket', 'https://bucket', 's3://', 's3://b', 's3://Bucket', 's3://bucket//'],
  ...['s3://bucket/../x', 's3://bucket/a//b', 's3://bucket/a b', 's3://bucket/.a', 's3://bucket/ä', 's3://bucket/a\n'],
  ...['s3://user@bucket', 's3://bucket:80/a', 's3://bucket?x', `s3://bucket/${'x'.repeat(201)}`, 's3://bucket/a%2f'],
])('%j is none', (text) => {
  expect(parseS3Address(text)).toBeNull();
});

test.each(['abc', 'a-b', 'a.b.c', '1bucket', 'x'.repeat(63), '1.2.3'])('%s is a name for a bucket', (name) => {
  expect(isBucket(name)).toBe(true);
});

test.each([
  ...[
    'ab',
    'x'.repeat(64),
    '-ab',
    'ab-',
    '.ab',
    'ab.',
    'a..b',
    'a.-b',
    'a-.b',
    'a_b',
    'aB1',
    'a b',
    'abc\n',
    '192.168.0.1',
  ],
  ...['xn--abc', 'sthree-abc', 'abc-s3alias', 'abc--ol-s3', 'abc.mrap', 'abc--x-s3', 'arn:aws:s3', 'abc/d', 'abc%2f'],
])('%j is none', (name) => {
  expect(isBucket(name)).toBe(false);
});
