import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton, testKeys } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { source } from '../support/sources.ts';
import { packageWith } from './fake-package.ts';
import { eventFor, sdk } from './sdk.ts';

const OPTIONS = 'codec.mp3~bitrate.96k~end.9000ms';
const keys = testKeys();

let origin: Origin;
let right: Buffer;

beforeAll(async () => {
  origin = await startOrigin((await source('cbr.mp3')).bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  right = (await promisedFile(baton.file(origin.url(), OPTIONS))).bytes;
});
afterAll(() => origin.close());

const start = (packageFolder?: string): Promise<LambdaBaton> =>
  startOnLambda(
    { allowOrigins: [origin.origin], ...(packageFolder === undefined ? {} : { packageFolder }) },
    keys,
    'function-url',
  );

/** Gives the first `bytes` of the first output, then dies as if the kernel had killed it. */
const diesAfter = (bytes: number): string => `exec 9>&3; "$FFMPEG" "$@" 3>&1 | head -c ${bytes} >&9; kill -KILL $$`;

test.each([1, 5_000, 20_000])('ffmpeg killed after %i bytes of every other chunk is not noticed', async (bytes) => {
  await using fake = await packageWith(`[ $(($n % 2)) = 1 ] && { ${diesAfter(bytes)}; }; exec "$FFMPEG" "$@"`);
  await using baton = await start(fake.folder);
  using client = sdk(baton);
  const answer = await client.stream(eventFor(baton.file(origin.url(), OPTIONS)));
  expect(answer).toMatchObject({ status: 200, complete: { errorCode: null, errorDetails: null } });
  expect(answer.body.equals(right)).toBe(true);
  expect(baton.lambda.functions.get('file')?.stats()).toMatchObject({ exits: 0, coldStarts: 1 });
});

test('ffmpeg that dies every time after the head shows as a cut body and as the code of its failure', async () => {
  await using fake = await packageWith(diesAfter(9_000));
  await using baton = await start(fake.folder);
  using client = sdk(baton);
  const url = baton.file(origin.url(), OPTIONS);

  const byHttp = await get(url);
  expect(byHttp).toMatchObject({ status: 200, complete: false });
  const bySdk = await client.stream(eventFor(url));
  expect(bySdk).toMatchObject({ status: 200, complete: { errorCode: 'ENCODER_FAILED' } });
  for (const body of [byHttp.bytes, bySdk.body]) {
    expect(body.length).toBeGreaterThan(5_000);
    expect(body.equals(right.subarray(0, body.length))).toBe(true);
  }
  const details = bySdk.complete?.errorDetails ?? '';
  expect(JSON.parse(details)).toEqual({
    errorType: 'ENCODER_FAILED',
    errorMessage: 'The audio could not be converted.',
    trace: ['ENCODER_FAILED: The audio could not be converted.'],
  });

  await baton.idle();
  expect(baton.usage).toMatchObject([
    { outcome: 'cut', error: 'ENCODER_FAILED', status: 200 },
    { outcome: 'cut', error: 'ENCODER_FAILED', status: 200 },
  ]);
  expect(baton.lambda.functions.get('file')?.stats()).toMatchObject({ exits: 0, coldStarts: 1 });
});

test('ffmpeg that dies before the head is an ordinary answer with its status, and no failed invocation', async () => {
  await using fake = await packageWith('kill -KILL $$');
  await using baton = await start(fake.folder);
  using client = sdk(baton);
  const url = baton.file(origin.url(), OPTIONS);
  const bySdk = await client.stream(eventFor(url));
  expect(bySdk).toMatchObject({ status: 500, complete: { errorCode: null, errorDetails: null } });
  expect(bySdk.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8' });
  expect(JSON.parse(bySdk.body.toString())).toEqual({
    code: 'ENCODER_FAILED',
    message: 'The audio could not be converted.',
  });
  const byHttp = await get(url);
  expect(byHttp).toMatchObject({ status: 500, complete: true });
  expect(byHttp.bytes.toString()).toBe(bySdk.body.toString());
});

test.each([
  ['a forged link', 403, 'LINK_INVALID', (url: string) => url.replace('96k', '64k')],
  ['a link to nothing', 404, 'SOURCE_MISSING', (url: string) => url],
])('%s is refused in the prelude', async (_what, status, code, change) => {
  await using baton = await start();
  using client = sdk(baton);
  origin.behaviour = { status: 404 };
  try {
    const answer = await client.stream(eventFor(change(baton.file(origin.url('/none.mp3'), OPTIONS))));
    expect(answer).toMatchObject({ status, complete: { errorCode: null } });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code });
  } finally {
    origin.behaviour = {};
  }
});

test('pieces of a body arrive as they are made, not when all is there', async () => {
  await using baton = await start();
  using client = sdk(baton);
  const url = baton.file(origin.url(), OPTIONS);
  await get(baton.file(origin.url(), OPTIONS), { method: 'HEAD' }); // the start of the function is not at issue
  origin.behaviour = { bytesPerSecond: 40_000 }; // 9 s of audio in 3.6 s
  try {
    const { body, chunks, complete } = await client.stream(eventFor(url));
    expect(complete).toEqual({ errorCode: null, errorDetails: null });
    expect(body.equals(right)).toBe(true);
    const audio = chunks.filter(({ bytes }) => bytes > 100);
    const [first, last] = [audio.at(0)?.at ?? 0, audio.at(-1)?.at ?? 0];
    expect(first).toBeLessThan(last / 4);
    expect(last).toBeGreaterThan(2_000);
    // Frame after frame of the chunk that is waited for; those behind it come whole.
    expect(audio.filter(({ at }) => at < last / 2).length).toBeGreaterThan(20);
    expect(new Set(audio.map(({ at }) => Math.floor(at / 100))).size).toBeGreaterThan(6);
  } finally {
    origin.behaviour = {};
  }
});
