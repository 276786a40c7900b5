import { afterAll, beforeAll, expect, test } from 'vitest';
import { failureCodes } from '../../src/errors.ts';
import { testKeys } from '../support/baton.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import { oddEvents, oddHeaders } from './odd-events.ts';
import { eventFor, sdk, type Sdk } from './sdk.ts';

let origin: Origin;
let baton: LambdaBaton;
let client: Sdk;
beforeAll(async () => {
  origin = await startOrigin((await source('cbr.mp3', { seconds: 8 })).bytes);
  baton = await startOnLambda({ allowOrigins: [origin.origin] }, testKeys(), 'function-url');
  client = sdk(baton);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await baton.stop();
  await origin.close();
});

interface Reply {
  readonly status?: number;
  readonly statusCode?: number;
  readonly body: Buffer | string;
}

/** Status and body of an invocation that must not fail, whichever form the function gives them. */
async function reply(name: string, payload: string): Promise<{ status: number; text: string }> {
  const invoked = await client.invoke(name, payload);
  expect(invoked, `${name} of ${payload.slice(0, 100)}`).toMatchObject({ functionError: null });
  const { status, statusCode, body } = invoked.payload as Reply;
  const bytes = typeof body === 'string' ? Buffer.from(body, 'base64') : body;
  return { status: status ?? statusCode ?? 0, text: bytes.toString() };
}

test.each(['file', 'ranges', 'embed'])('%s answers every event that is none, and never fails', async (name) => {
  for (const event of oddEvents) {
    const { status, text } = await reply(name, event);
    expect(status, event).toBeGreaterThanOrEqual(400);
    expect(status, event).toBeLessThan(500);
    expect(failureCodes).toContain((JSON.parse(text) as { code: string }).code);
  }
  expect(baton.lambda.functions.get(name)?.stats()).toMatchObject({ exits: 0 });
});

test.each(['file', 'ranges'])('%s does without headers that are no text', async (name) => {
  const event = eventFor(baton.file(origin.url(), 'codec.copy'));
  for (const headers of oddHeaders) {
    const { status } = await reply(name, JSON.stringify({ ...event, headers }));
    expect([200, 206], JSON.stringify(headers)).toContain(status);
  }
  expect(baton.lambda.functions.get(name)?.stats()).toMatchObject({ exits: 0, coldStarts: 1 });
});
