import { expect, test } from 'vitest';
import { startPace } from './pace.ts';
import { platformLines, readAll, startFunction } from './start-function.ts';

const PRELUDE = 'application/vnd.awslambda.http-integration-response';

test('a streamed response arrives piece by piece, while the function still works on it', async () => {
  await using started = await startFunction('stream');
  await started.call({ do: 'count' });
  await using pace = await startPace();
  const invocation = await started.begin({ do: 'count', chunks: 4, pace: pace.url });
  const arrivals: string[] = [];
  for await (const piece of invocation.body) {
    arrivals.push(Buffer.from(piece).toString());
    pace.arrived();
  }
  expect(arrivals).toEqual(['chunk-0\n', 'chunk-1\n', 'chunk-2\n', 'chunk-3\n']);
  expect(invocation).toMatchObject({ isStreamed: true, contentType: 'application/octet-stream' });
});

test('a prelude is passed on as the function wrote it, with its eight zero bytes', async () => {
  await using started = await startFunction('stream');
  const { invocation, text } = await started.call({ do: 'prelude' });
  expect(invocation.contentType).toBe(PRELUDE);
  expect(text).toBe(`{"statusCode":206,"headers":{"x-made-by":"function"}}${'\0'.repeat(8)}body`);
});

test('a streamed response without a byte ends well', async () => {
  await using started = await startFunction('stream');
  const { invocation, text } = await started.call({ do: 'empty' });
  expect(text).toBe('');
  expect(invocation.isStreamed).toBe(true);
});

test('a plain handler gives one JSON value, to a streaming caller too', async () => {
  await using started = await startFunction('value');
  for (const streaming of [false, true]) {
    const { invocation, text } = await started.call({ do: 'sleep', ms: 1 }, streaming);
    expect(text).toBe('"slept"');
    expect(invocation).toMatchObject({ isStreamed: false, contentType: 'application/json' });
  }
});

test('a buffered caller of a streaming handler gets the whole body at once', async () => {
  await using started = await startFunction('stream');
  const invocation = await started.begin({ do: 'count', chunks: 3, everyMs: 20 }, false);
  const pieces: string[] = [];
  for await (const piece of invocation.body) pieces.push(Buffer.from(piece).toString());
  expect(pieces).toEqual(['chunk-0\nchunk-1\nchunk-2\n']);
});

test('the handler sees the event and a context as on AWS', async () => {
  await using started = await startFunction('value', { spec: { timeoutSeconds: 7 } });
  const event = Buffer.from(JSON.stringify({ do: 'echo', text: 'ä€' }));
  const clientContext = JSON.stringify({ custom: { title: 'Früh ☀' } });
  const invocation = await started.fn.invoke(event, { streaming: false, clientContext });
  const seen = JSON.parse((await readAll(invocation.body)).toString()) as Record<'event' | 'context', unknown> & {
    remainingMs: number;
  };
  expect(seen.event).toEqual({ do: 'echo', text: 'ä€' });
  expect(seen.context).toMatchObject({
    awsRequestId: invocation.requestId,
    functionName: 'behaviours',
    functionVersion: '$LATEST',
    memoryLimitInMB: '512',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:behaviours',
    clientContext: { custom: { title: 'Früh ☀' } },
  });
  expect(seen.remainingMs).toBeGreaterThan(6_000);
  expect(seen.remainingMs).toBeLessThanOrEqual(7_000);
});

test('an empty event is an empty object, and one that is not JSON is refused before it runs', async () => {
  await using started = await startFunction('value');
  const refused = started.fn.invoke(Buffer.from('{"do":'), { streaming: false });
  await expect(refused).rejects.toMatchObject({ errorType: 'InvalidRequestContentException' });
  const badContext = started.fn.invoke(Buffer.from('{}'), { streaming: false, clientContext: '{' });
  await expect(badContext).rejects.toMatchObject({ errorType: 'InvalidRequestContentException' });
  expect(started.fn.stats()).toMatchObject({ invocations: 0, coldStarts: 0 });
  // The fixture finds no behaviour to do: it was invoked with an object that has none.
  const empty = started.fn.invoke(new Uint8Array(), { streaming: false });
  await expect(empty).rejects.toMatchObject({ errorType: 'TypeError' });
});

test('the log has the lines of the service around those of the function, under its request', async () => {
  await using started = await startFunction('value', { spec: { memoryMb: 300 } });
  const { invocation } = await started.call({ do: 'log', lines: ['one', 'two\nlines'] });
  const tail = await invocation.logTail();
  const { requestId } = invocation;
  const texts = started.lines.filter((line) => line.requestId === requestId).map(({ kind, text }) => [kind, text]);
  expect(texts[0]).toEqual(['platform', `START RequestId: ${requestId} Version: $LATEST`]);
  const own = texts.filter(([kind]) => kind === 'function').map(([, text]) => text);
  expect(own).toHaveLength(3);
  expect(own.join('|')).toContain('INFO\tone');
  expect(own.join('|')).toContain('INFO\ttwo\nlines');
  expect(own.join('|')).toContain('from stderr');
  expect(texts.at(-2)).toEqual(['platform', `END RequestId: ${requestId}`]);
  expect(texts.at(-1)?.[1]).toMatch(
    /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 300 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\tStreamed: 0 bytes$/,
  );
  expect(tail).toBe(texts.map(([, text]) => `${text ?? ''}\n`).join(''));
});

test('the report bills the initialisation and the run, rounded up, and counts streamed bytes', async () => {
  await using started = await startFunction('stream');
  for (const isCold of [true, false]) {
    const { invocation } = await started.call({ do: 'bytes', size: 12_345 });
    await invocation.logTail();
    const report = platformLines(started, 'REPORT').at(-1) ?? '';
    const figure = (name: string): number => Number(new RegExp(`\t${name}: ([\\d.]+)`).exec(report)?.[1] ?? 0);
    expect(report.includes('Init Duration')).toBe(isCold);
    expect(figure('Billed Duration') - (figure('Duration') + figure('Init Duration'))).toBeCloseTo(0.5, -0.1);
    expect(figure('Billed Duration')).toBeGreaterThanOrEqual(Math.floor(figure('Duration') + figure('Init Duration')));
    expect(figure('Streamed')).toBe(12_345);
    expect(figure('Max Memory Used')).toBeGreaterThan(30);
  }
});

test('a long log ends in its last 4 kB', async () => {
  await using started = await startFunction('value');
  const { invocation } = await started.call({ do: 'log', lines: Array.from({ length: 100 }, () => 'x'.repeat(100)) });
  const tail = await invocation.logTail();
  expect(Buffer.byteLength(tail)).toBe(4096);
  expect(tail.trimEnd().split('\n').at(-1)).toMatch(/^REPORT/);
});

test('the response ends when the function ends it, and the environment is busy until the handler is done', async () => {
  await using started = await startFunction('stream');
  await started.call({ do: 'count' });
  const begun = performance.now();
  const { invocation, text } = await started.call({ do: 'workAfterEnd', ms: 1_500 });
  expect(text).toBe('done');
  expect(performance.now() - begun).toBeLessThan(700);
  expect((await started.failure({ do: 'count' })).errorType).toBe('TooManyRequestsException');
  expect(await invocation.logTail()).toContain('worked on');
  expect((await started.call({ do: 'count', chunks: 1 })).text).toBe('chunk-0\n');
});
