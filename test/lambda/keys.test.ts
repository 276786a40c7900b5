import { afterAll, beforeAll, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { addKey, formatKeys } from '../../src/sign/keys.ts';
import { publicLink } from '../../src/sign/link.ts';
import { cloud, SECRET, type Cloud } from '../key-sync/stand-ins.ts';
import { testKeys } from '../support/baton.ts';
import { get, type Answer } from '../support/client.ts';
import { startOnLambda, type LambdaBaton, type LambdaOptions } from '../support/lambda-baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

/** How often an environment looks for a key that it does not know. */
const UNKNOWN_KEY_MS = 10_000;

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin((await source('cbr.mp3')).bytes);
});
afterAll(() => origin.close());

const keys = testKeys();
const link = (signedWith = keys): string =>
  publicLink({ kind: 'file', options: 'codec.copy', source: origin.url(), name: 'a.mp3' }, signedWith);

const startWith = (aws: Cloud, options: LambdaOptions = {}): Promise<LambdaBaton> =>
  startOnLambda(
    {
      allowOrigins: [origin.origin],
      environment: { AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.origin, BATON_KEYS_SECRET: SECRET },
      ...options,
    },
    keys,
    'function-url',
  );

const codeOf = ({ bytes }: Answer): unknown => (JSON.parse(bytes.toString()) as { code: unknown }).code;
const faults = ({ lines }: LambdaBaton): unknown[] =>
  lines.filter(({ text }) => text.startsWith('{"fault"')).map(({ text }) => JSON.parse(text) as unknown);
const file = ({ lambda }: LambdaBaton) => lambda.functions.get('file')?.stats();

test.concurrent('a key that is not known is looked for, but not again and again', async () => {
  await using aws = await cloud();
  aws.secret = formatKeys(keys);
  await using baton = await startWith(aws);
  const reads = (): number => aws.seen.calls.filter((call) => call === 'GetSecretValue').length;
  expect((await get(baton.origin + link(), { range: '0-9' })).status).toBe(206);
  const readAt = performance.now();
  const newer = addKey(keys, { kid: 'newer', secret: new Uint8Array(32).fill(7) });
  aws.secret = formatKeys(newer);
  for (let n = 0; n < 3; n++) expect(codeOf(await get(baton.origin + link(newer)))).toBe('LINK_INVALID');
  expect(reads()).toBe(1);

  await sleep(UNKNOWN_KEY_MS + 200 - (performance.now() - readAt));
  expect((await get(baton.origin + link(newer), { range: '0-9' })).status).toBe(206);
  expect((await get(baton.origin + link(), { range: '0-9' })).status).toBe(206);
  const forged = link(newer).replace('newer', 'nobody');
  for (let n = 0; n < 3; n++) expect(codeOf(await get(baton.origin + forged))).toBe('LINK_INVALID');
  expect(reads()).toBe(2);
  expect(file(baton)).toMatchObject({ coldStarts: 1, exits: 0 });
});

test.concurrent('a secret that cannot be read any more does not take the keys away', async () => {
  await using aws = await cloud();
  aws.secret = formatKeys(keys);
  await using baton = await startWith(aws);
  expect((await get(baton.origin + link(), { range: '0-9' })).status).toBe(206);
  aws.before = () => 500;
  await sleep(UNKNOWN_KEY_MS + 200);
  expect(codeOf(await get(baton.origin + link().replace(keys.current, 'nobody')))).toBe('LINK_INVALID');
  expect((await get(baton.origin + link(), { range: '0-9' })).status).toBe(206);
  expect(faults(baton)).toMatchObject([{ fault: 'CONFIG_INVALID' }]);
});

test.concurrent('without keys the listener reads no more than that, the log the reason, and it heals', async () => {
  await using aws = await cloud();
  await using baton = await startWith(aws);
  for (const door of ['file', 'ranges', 'embed']) {
    const answer = await get(`${baton.lambda.functionUrls.get(door)?.replace(/\/$/, '') ?? ''}${link()}`);
    expect(answer).toMatchObject({ status: 500, complete: true });
    expect(JSON.parse(answer.bytes.toString())).toEqual({
      code: 'CONFIG_INVALID',
      message: 'The configuration is not valid.',
    });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'access-control-allow-origin': '*' });
  }
  await baton.idle();
  expect(faults(baton)).toHaveLength(3);
  expect(faults(baton)[0]).toMatchObject({
    fault: 'CONFIG_INVALID',
    detail: expect.stringContaining(SECRET) as string,
  });

  aws.secret = formatKeys(keys);
  expect((await get(baton.origin + link(), { range: '0-9' })).status).toBe(206);
  expect(file(baton)).toMatchObject({ coldStarts: 1, exits: 0 });
  expect(baton.usage.at(-1)).toMatchObject({ status: 206, outcome: 'whole' });
});

test.concurrent('a secret that is not answered for ends in an answer, within the time', async () => {
  await using aws = await cloud();
  aws.secret = formatKeys(keys);
  const answered = Promise.withResolvers<undefined>();
  aws.before = () => answered.promise;
  await using baton = await startWith(aws, { timeoutSeconds: 8 });
  const answer = await get(baton.origin + link());
  expect(answer.status).toBe(500);
  expect(codeOf(answer)).toBe('CONFIG_INVALID');
  answered.resolve(undefined);
  expect((await get(baton.origin + link(), { range: '0-9' })).status).toBe(206);
  expect(file(baton)).toMatchObject({ coldStarts: 1, exits: 0 });
});

test.concurrent('no keys at all is told at every request', async () => {
  const options = { allowOrigins: [origin.origin], environment: { BATON_KEYS: '' } };
  await using baton = await startOnLambda(options, keys, 'function-url');
  for (let n = 0; n < 2; n++) expect(codeOf(await get(baton.origin + link()))).toBe('CONFIG_INVALID');
  await baton.idle();
  expect(faults(baton)).toHaveLength(2);
  expect(file(baton)).toMatchObject({ coldStarts: 1, exits: 0 });
});
