import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatKeys, type Keys } from '../../src/sign/keys.ts';
import { CHECKS, type Result } from '../../src/verify/verify.ts';
import { runBaton } from '../cli/run-baton.ts';
import { startBaton, testKeys } from '../support/baton.ts';
import { startOnLambda } from '../support/lambda-baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

let origin: Origin;
let keys: Keys;
beforeAll(async () => {
  origin = await startOrigin((await source('cbr.mp3', { seconds: 60 })).bytes);
  keys = testKeys();
});
afterAll(() => origin.close());

/** `baton verify` as an owner runs it after deployment: exit code, and how each check ended. */
async function verified(address: string): Promise<{ code: number | null; results: Map<string, Result> }> {
  const env = { BATON_KEYS: formatKeys(keys).trim().replaceAll('\n', ',') };
  const { code, stdout, stderr } = await runBaton(['verify', address, '--source', origin.url(), '--json'], env);
  expect(stderr).not.toMatch(/^\s+at /m);
  const { results } = JSON.parse(stdout) as { results: Result[] };
  expect(results).toHaveLength(CHECKS.length);
  expect(results.filter(({ result }) => result === 'fail')).toEqual([]);
  return { code, results: new Map(results.map((result) => [result.id, result])) };
}

test('a deployment behind CloudFront passes every check of baton verify', async () => {
  const environment = { BATON_RANGE_MS: '300' };
  await using baton = await startOnLambda({ allowOrigins: [origin.origin], environment }, keys, 'cloudfront');
  const { code, results } = await verified(baton.origin);
  expect(code).toBe(0);
  expect(results.get('edge-cache')).toMatchObject({ result: 'ok' });
}, 90_000);

test('the Node server passes every check of baton verify', async () => {
  await using baton = await startBaton({ allowOrigins: [origin.origin], keys });
  const { code } = await verified(baton.origin);
  expect(code).toBe(0);
}, 90_000);
