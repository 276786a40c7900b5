import { expect, test } from 'vitest';
import { failureOf, platformLines, readAll, startFunction } from './start-function.ts';

interface Details {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

test('what a handler throws before the first byte becomes the error of the invocation', async () => {
  for (const handler of ['stream', 'value'] as const) {
    await using started = await startFunction(handler);
    for (const streaming of [true, false]) {
      const error = await failureOf(started.begin({ do: 'throwEarly' }, streaming));
      expect(error).toMatchObject({ errorType: 'SourceDenied', message: 'before any byte' });
      const details = JSON.parse(error.details) as Details;
      expect(details).toMatchObject({ errorType: 'SourceDenied', errorMessage: 'before any byte' });
      expect(details.trace[0]).toBe('SourceDenied: before any byte');
      expect(await error.logTail()).toContain(`END RequestId: ${error.requestId ?? ''}`);
    }
    expect(started.fn.stats()).toMatchObject({ coldStarts: 1, exits: 0 });
  }
});

test('what a handler throws midway ends the body with its error, and the environment lives', async () => {
  await using started = await startFunction('stream');
  const invocation = await started.begin({ do: 'throwMidway' });
  const body = invocation.body[Symbol.asyncIterator]();
  expect(Buffer.from((await body.next()).value as Uint8Array).toString()).toBe('some');
  const error = await failureOf(body.next());
  expect(error).toMatchObject({ errorType: 'EncoderDied', message: 'after some bytes' });
  expect(await invocation.logTail()).toMatch(/Status: error\tError Type: EncoderDied\n$/);
  expect((await started.call({ do: 'count', chunks: 1 })).text).toBe('chunk-0\n');
  expect(started.fn.stats()).toMatchObject({ coldStarts: 1, exits: 0 });
});

test('a buffered caller gets the error of a handler that throws midway instead of a part of the body', async () => {
  await using started = await startFunction('stream');
  const error = await failureOf(started.begin({ do: 'throwMidway' }, false));
  expect(error.errorType).toBe('EncoderDied');
});

test('a failing pipeline into the response kills the runtime, and the next call is a cold start', async () => {
  await using started = await startFunction('stream');
  const invocation = await started.begin({ do: 'pipelineThatFails' });
  const error = await failureOf(readAll(invocation.body));
  expect(['Runtime.ExitError', 'Runtime.TruncatedResponse']).toContain(error.errorType);
  expect(await invocation.logTail()).toContain('EncoderDied: in a pipeline');
  expect((await started.call({ do: 'count', chunks: 1 })).text).toBe('chunk-0\n');
  expect(started.fn.stats()).toEqual({ environments: 1, coldStarts: 2, exits: 1, invocations: 2 });
});

test('a process that ends in the middle is an ExitError, before the first byte and after it', async () => {
  await using started = await startFunction('stream');
  const before = await failureOf(started.begin({ do: 'exit', code: 7 }));
  expect(before.errorType).toBe('Runtime.ExitError');
  expect(before.message).toBe(`RequestId: ${before.requestId ?? ''} Error: Runtime exited with error: exit status 7`);
  const invocation = await started.begin({ do: 'exit', code: 0, bytes: 10 });
  const after = await failureOf(readAll(invocation.body));
  expect(after.message).toContain('Runtime exited without providing a reason');
  expect(await invocation.logTail()).toContain('Status: error\tError Type: Runtime.ExitError');
  expect(started.fn.stats()).toMatchObject({ coldStarts: 2, exits: 2, environments: 0 });
});

test('a process that is killed from outside is an ExitError; an idle one that is, is no longer used', async () => {
  await using started = await startFunction('value');
  const { pid } = (await started.value({ do: 'pid' })) as { readonly pid: number };
  process.kill(pid, 'SIGKILL');
  while (started.fn.stats().environments > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await started.value({ do: 'echo' })).toMatchObject({ calls: 1 });
  const running = started.failure({ do: 'killItself' });
  expect((await running).message).toContain('signal: killed');
});

test('a timeout kills the environment and says when, before the first byte and after it', async () => {
  await using started = await startFunction('stream', { spec: { timeoutSeconds: 0.4, maxEnvironments: 2 } });
  const begun = performance.now();
  const both = [failureOf(started.begin({ do: 'hang' })), started.failure({ do: 'hang', bytes: 10 })];
  for (const error of await Promise.all(both)) {
    expect(error.errorType).toBe('Sandbox.Timedout');
    expect(error.message).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z \S{36} Task timed out after 0.40 seconds$/);
    expect(error.message).toContain(error.requestId ?? ' ');
  }
  expect(performance.now() - begun).toBeLessThan(3_000);
  await started.fn.stop();
  expect(started.fn.stats()).toMatchObject({ environments: 0, exits: 2 });
  for (const report of platformLines(started, 'REPORT')) {
    expect(report).toMatch(/\tDuration: 400.00 ms\t.*\tStatus: timeout$/);
  }
});

test('a timeout after the response has ended does not touch the response', async () => {
  await using started = await startFunction('stream', { spec: { timeoutSeconds: 0.4 } });
  const { invocation, text } = await started.call({ do: 'workAfterEnd', ms: 60_000 });
  expect(text).toBe('done');
  expect(await invocation.logTail()).toContain('Task timed out after 0.40 seconds');
  expect(started.fn.stats()).toMatchObject({ environments: 0, exits: 1 });
});

test('memory beyond the limit kills the environment, also when a child of the function holds it', async () => {
  for (const behaviour of ['hold', 'holdInChild']) {
    await using started = await startFunction('stream', { spec: { memoryMb: 160 } });
    const error = await failureOf(started.begin({ do: behaviour, megabytes: 200 }));
    expect(error.errorType).toBe('Runtime.OutOfMemory');
    expect(await error.logTail()).toMatch(/Max Memory Used: 160 MB.*Error Type: Runtime.OutOfMemory/);
    expect(started.fn.stats()).toMatchObject({ environments: 0, exits: 1 });
  }
});

test('a response is posted once, by its id, and in a known mode; all else is refused', async () => {
  await using started = await startFunction('value');
  const { invocation, text } = await started.call({ do: 'misuse' });
  expect(text).toBe('"first"');
  expect(await invocation.logTail()).toContain('statuses 400 400 403 404 202 403 403');
  const error = await started.failure({ do: 'badMode' });
  expect(error.errorType).toBe('Runtime.InvalidResponseModeHeader');
  expect(await error.logTail()).toContain('status 400');
  expect(started.fn.stats()).toMatchObject({ coldStarts: 1, exits: 0 });
});

test('a response that breaks off while the runtime lives is truncated', async () => {
  await using started = await startFunction('value');
  const error = await started.failure({ do: 'cutResponse' }, true);
  expect(error.errorType).toBe('Runtime.TruncatedResponse');
});

test('a long error message and its stack arrive whole', async () => {
  await using streaming = await startFunction('stream');
  await using plain = await startFunction('value');
  for (const started of [streaming, plain]) {
    const error = await started.failure({ do: 'throwLong', length: 50_000 });
    expect(error.message).toBe('x'.repeat(50_000));
  }
});
