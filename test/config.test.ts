import { describe, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

describe('origins that are not public', () => {
  const allowed = { BATON_ALLOW_ORIGINS: 'http://127.0.0.1:9001, http://localhost:3000' };

  test('are open where they were named', () => {
    expect(readConfig(allowed).allowOrigins).toEqual(['http://127.0.0.1:9001', 'http://localhost:3000']);
  });

  test('are never open in a deployed function, whose runtime API is on loopback', () => {
    for (const type of [undefined, 'on-demand', 'provisioned-concurrency', '']) {
      const env = { ...allowed, AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001', AWS_LAMBDA_INITIALIZATION_TYPE: type };
      expect(readConfig(env).allowOrigins).toEqual([]);
    }
  });

  test('are open in the local Lambda', () => {
    const env = { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001', AWS_LAMBDA_INITIALIZATION_TYPE: 'local-lambda' };
    expect(readConfig({ ...allowed, ...env }).allowOrigins).toHaveLength(2);
  });
});

test.each([
  [undefined, null],
  ['', null],
  ['/var/lib/baton', { kind: 'folder', path: '/var/lib/baton' }],
  ['s3://my-bucket', { kind: 's3', bucket: 'my-bucket', prefix: '' }],
  ['s3://my-bucket/a/b/', { kind: 's3', bucket: 'my-bucket', prefix: 'a/b' }],
])('BATON_STORE=%s is %j', (text, address) => {
  expect(readConfig({ BATON_STORE: text }).storeAddress).toEqual(address);
});

test.each<[variable: string, text: string]>([
  ['BATON_STORE', 's3://Not_A_Bucket/x'],
  ['BATON_STORE', 's3://my-bucket/../x'],
  ['BATON_STORE', 'https://example.com'],
  ['BATON_SOURCE_BUCKETS', 'good-one,bad bucket'],
  ['BATON_S3_ENDPOINT', 'localhost:9000'],
  ['BATON_TRUST_EDGE', 'yes'],
  ['BATON_RANGE_MB', '5'],
  ['BATON_RANGE_MS', '1e3'],
])('%s=%s is refused by name', (variable, text) => {
  expect(() => readConfig({ [variable]: text })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', detail: expect.stringContaining(variable) as string }) as Error,
  );
});

test('buckets of sources are read as a list', () => {
  expect(readConfig({ BATON_SOURCE_BUCKETS: 'one-bucket, two-bucket/shows ,' }).sourceBuckets).toEqual([
    { bucket: 'one-bucket', prefix: '' },
    { bucket: 'two-bucket', prefix: 'shows' },
  ]);
});

test('a function finds what was packed beside its bundle', () => {
  const env = { LAMBDA_TASK_ROOT: '/var/task', _HANDLER: 'dist/lambda/file.handler' };
  expect(readConfig(env).packageFolder).toBe('/var/task/dist/lambda');
  expect(readConfig({ ...env, _HANDLER: 'file.handler' }).packageFolder).toBe('/var/task');
  expect(readConfig({}).packageFolder).toBeNull();
});
