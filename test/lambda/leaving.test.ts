import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton, testKeys } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { source } from '../support/sources.ts';

const MiB = 2 ** 20;
const OPTIONS = 'codec.mp3~bitrate.96k';
const keys = testKeys();

let origin: Origin;
let right: Buffer;

beforeAll(async () => {
  origin = await startOrigin((await source('cbr.mp3')).bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  right = (await promisedFile(baton.file(origin.url(), OPTIONS))).bytes;
});
afterAll(() => origin.close());

/** Nothing runs for it any more: no process, no connection to the source, nothing that is still written to the log. */
async function expectStillness({ lines }: LambdaBaton, from: Origin): Promise<void> {
  expect(await ffmpegProcesses()).toEqual([]);
  expect(
    await settled(
      () => from.connections,
      (open) => open === 0,
    ),
  ).toBe(0);
  const before = { lines: lines.length, asked: from.seen.length, sent: from.bytesSent };
  await sleep(1_000);
  expect({ lines: lines.length, asked: from.seen.length, sent: from.bytesSent }).toEqual(before);
}

test('whoever leaves is not noticed: the function ends with the file, and the usage record says what that cost', async () => {
  await using baton = await startOnLambda({ allowOrigins: [origin.origin] }, keys, 'function-url');
  const { status, complete } = await get(baton.file(origin.url(), OPTIONS), { leaveAfter: 1 });
  expect({ status, complete }).toEqual({ status: 200, complete: false });
  await baton.idle();
  expect(baton.usage).toHaveLength(1);
  expect(baton.usage[0]).toMatchObject({
    ...{ outcome: 'whole', error: null, bytes: right.length, chunksEncoded: 9 },
    lambda: { memoryMb: 3538, coldStart: true, streamedBytes: right.length },
  });
  const { durationMs, billedMs } = durations(baton);
  expect(durationMs).toBeGreaterThan(50);
  expect(durationMs).toBeLessThan(10_000);
  expect(billedMs - durationMs).toBeLessThan(500);
  await expectStillness(baton, origin);
  expect((await get(baton.file(origin.url(), OPTIONS))).bytes.equals(right)).toBe(true);
  expect(baton.lambda.functions.get('file')?.stats()).toMatchObject({ exits: 0, coldStarts: 1 });
});

test('whoever leaves a source without end pays until the function closes, not until it is killed', async () => {
  const bytes = (await source('vbr-bare.mp3')).bytes;
  await using radio = await startOrigin(bytes, { endless: true, bytesPerSecond: 50_000, range: 'ignored' });
  const options = { allowOrigins: [radio.origin], timeoutSeconds: 5 };
  await using baton = await startOnLambda(options, keys, 'function-url');
  const answer = await get(baton.file(radio.url('/radio.mp3'), OPTIONS), { leaveAfter: 1 });
  expect(answer.status).toBe(200);
  await baton.idle();
  expect(baton.usage).toMatchObject([{ outcome: 'cut', error: 'RESPONSE_LIMIT', lambda: { memoryMb: 3538 } }]);
  const { durationMs, streamedBytes } = durations(baton);
  expect(durationMs).toBeGreaterThan(2_000);
  expect(durationMs).toBeLessThan(5_000);
  expect(streamedBytes).toBeGreaterThan(10_000);
  expect(streamedBytes).toBe(baton.usage[0]?.bytes);
  await expectStillness(baton, radio);
  expect(baton.lines.some(({ text }) => text.includes('Task timed out'))).toBe(false);
  expect(baton.lambda.functions.get('file')?.stats()).toMatchObject({ exits: 0, coldStarts: 1 });
});

test('a reader who stalls for a while holds the response back, harms nothing, and gets the rest', async () => {
  await using large = await startOrigin(await moreThanSocketsTake());
  await using baton = await startOnLambda({ allowOrigins: [large.origin], limits: UNTHROTTLED }, keys, 'function-url');
  const response = await stalled(baton.file(large.url(), 'codec.copy'));
  await sleep(2_000);
  const content = large.content as Uint8Array;
  expect(large.bytesSent).toBeLessThan(content.length - 4 * MiB);
  const parts: Buffer[] = [];
  for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  expect(response.complete).toBe(true);
  expect(Buffer.concat(parts).subarray(-content.length).equals(content)).toBe(true);
  await baton.idle();
  expect(baton.usage.at(-1)).toMatchObject({ outcome: 'whole' });
  expect(baton.lambda.functions.get('file')?.stats()).toMatchObject({ exits: 0, coldStarts: 1 });
});

test('a reader who stalls for ever is given up before the time is over, and the next one is served', async () => {
  await using large = await startOrigin(await moreThanSocketsTake());
  const options = { allowOrigins: [large.origin, origin.origin], timeoutSeconds: 4, limits: UNTHROTTLED };
  await using baton = await startOnLambda(options, keys, 'function-url');
  const response = await stalled(baton.file(large.url(), 'codec.copy'));
  expect(
    await settled(
      () => baton.usage.length,
      (count) => count > 0,
      4_000,
    ),
  ).toBe(1);
  expect(baton.usage).toMatchObject([{ outcome: 'cut', error: 'RESPONSE_LIMIT' }]);
  // Sooner, when the sockets took at once more than could leave them in time.
  expect((baton.usage[0] as { lambda?: { durationMs: number } }).lambda?.durationMs).toBeLessThan(3_900);
  expect(
    await settled(
      () => large.connections,
      (open) => open === 0,
    ),
  ).toBe(0);
  // The end cannot pass the full sockets: it is the platform that ends the invocation, and the environment with it.
  const next = await get(baton.file(origin.url(), OPTIONS), { range: '0-99' });
  expect(next.bytes.equals(right.subarray(0, 100))).toBe(true);
  response.destroy();
});

const UNTHROTTLED = { burstBytes: 2 ** 30, bytesPerSecond: 2 ** 30 };

async function moreThanSocketsTake(): Promise<Uint8Array> {
  const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 60 });
  return Buffer.concat(Array<Uint8Array>(80).fill(bytes));
}

/** An answer of which nothing is read yet. */
async function stalled(url: string): Promise<IncomingMessage> {
  const asked = request(url, { agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

/** What the record of the last response says of its invocation, and what Lambda bills for it. */
function durations({ usage, lines }: LambdaBaton): { durationMs: number; streamedBytes: number; billedMs: number } {
  const { lambda } = usage.at(-1) as unknown as { lambda: { durationMs: number; streamedBytes: number } };
  const report = lines.findLast(({ text }) => text.startsWith('REPORT'))?.text ?? '';
  return { ...lambda, billedMs: Number(/Duration: ([\d.]+) ms/.exec(report)?.[1]) };
}
