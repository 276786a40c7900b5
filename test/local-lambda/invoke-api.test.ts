import { InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settled } from '../support/leaks.ts';
import { startPace, type Pace } from './pace.ts';
import { startWeb, type Web } from './start-web.ts';

let web: Web;
let client: LambdaClient;
beforeAll(async () => {
  web = await startWeb({ limits: { payloadBytes: 100_000 }, maxEnvironments: 2 });
  client = new LambdaClient({
    endpoint: web.local.invokeUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
});
afterAll(async () => {
  client.destroy();
  await web[Symbol.asyncDispose]();
});

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const invoke = (name: string, event: object | string, more: object = {}) =>
  client.send(
    new InvokeCommand({
      FunctionName: name,
      Payload: Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)),
      ...more,
    }),
  );

describe('Invoke, by the real SDK', () => {
  it('gives the value, the version and the log', async () => {
    const result = await invoke('buffered', { a: 1 }, { LogType: 'Tail' });
    expect(JSON.parse(text(result.Payload))).toEqual({ echo: { a: 1 } });
    expect(result).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(result.FunctionError).toBeUndefined();
    expect(Buffer.from(result.LogResult ?? '', 'base64').toString()).toMatch(
      /^START [\s\S]*\nREPORT .*Billed Duration/,
    );
  });

  it('answers 200 with FunctionError when the function throws, and its log', async () => {
    const result = await invoke('buffered', { rawPath: '/throw' }, { LogType: 'Tail' });
    expect(result).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(JSON.parse(text(result.Payload))).toMatchObject({ errorType: 'TypeError', errorMessage: 'no value' });
    expect(Buffer.from(result.LogResult ?? '', 'base64').toString()).toContain('no value');
  });

  it('finds a function by ARN and qualifier, and takes no payload for {}', async () => {
    const named = await invoke('arn:aws:lambda:us-east-1:000000000000:function:buffered', {}, { Qualifier: '$LATEST' });
    expect(named.StatusCode).toBe(200);
    const empty = await client.send(new InvokeCommand({ FunctionName: 'buffered' }));
    expect(text(empty.Payload)).toBe('{"echo":{}}');
  });

  it('runs an Event after the answer, and DryRun not at all', async () => {
    const count = (): number => web.local.functions.get('buffered')?.stats().invocations ?? 0;
    const before = count();
    expect((await invoke('buffered', {}, { InvocationType: 'DryRun' })).StatusCode).toBe(204);
    expect((await invoke('buffered', {}, { InvocationType: 'Event' })).StatusCode).toBe(202);
    expect(await settled(count, (now) => now > before)).toBe(before + 1);
  });

  it.each([
    ['an unknown function', 'nobody', '{}', 'ResourceNotFoundException', 404],
    ['a payload that is not JSON', 'buffered', '{', 'InvalidRequestContentException', 400],
    ['a payload that is too large', 'buffered', `"${'x'.repeat(100_000)}"`, 'RequestTooLargeException', 413],
  ])('throws for %s', async (_, name, payload, error, status) => {
    await expect(invoke(name, payload)).rejects.toMatchObject({ name: error, $metadata: { httpStatusCode: status } });
  });

  it('throws TooManyRequestsException when every environment is busy', async () => {
    const all = await Promise.allSettled([1, 2, 3, 4].map(() => invoke('buffered', { rawPath: '/slow' })));
    const refused = all.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(refused[0]).toMatchObject({
      reason: { name: 'TooManyRequestsException', Reason: 'ConcurrentInvocationLimitExceeded' },
    });
  });
});

describe('InvokeWithResponseStream, by the real SDK', () => {
  const stream = async (rawPath: string, pace?: Pace) => {
    const command = {
      FunctionName: 'streamed',
      Payload: Buffer.from(JSON.stringify({ rawPath, queryStringParameters: { pace: pace?.url } })),
      LogType: 'Tail',
    } as const;
    // What is over for the caller may not be for the environment.
    const ask = () => client.send(new InvokeWithResponseStreamCommand(command)).catch(() => null);
    const result = await settled(ask, (answer) => answer !== null);
    const parts: string[] = [];
    let complete = null;
    for await (const event of result?.EventStream ?? []) {
      if (event.PayloadChunk) {
        parts.push(text(event.PayloadChunk.Payload));
        pace?.arrived();
      }
      if (event.InvokeComplete) complete = event.InvokeComplete;
    }
    return { parts, complete, result };
  };

  it('gives chunks as they are made, then InvokeComplete with the log', async () => {
    await using pace = await startPace();
    const { parts, complete, result } = await stream('/raw', pace);
    expect(parts.join('')).toBe('part 0\npart 1\npart 2\npart 3\n');
    expect(complete?.ErrorCode).toBeUndefined();
    expect(Buffer.from(complete?.LogResult ?? '', 'base64').toString()).toContain('REPORT RequestId');
    expect(result).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
  });

  it('passes the prelude on as it is', async () => {
    const { parts } = await stream('/ok');
    expect(parts.join('')).toMatch(/^\{"statusCode":201,.*\}\0{8}part 0\n/s);
  });

  it('says how it failed, midway and before the first byte', async () => {
    const boom = await stream('/boom');
    expect(boom.parts.join('')).toMatch(/part 1\n$/);
    expect(boom.complete).toMatchObject({ ErrorCode: 'Boom' });
    expect(JSON.parse(boom.complete?.ErrorDetails ?? '{}')).toMatchObject({ errorMessage: 'boom' });
    const early = await stream('/early');
    expect(early.parts).toEqual([]);
    expect(early.complete).toMatchObject({ ErrorCode: 'Error' });
  });
});
