import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { failureOf, readAll, startFunction } from './start-function.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

test('a streamed response bursts, then flows at its rate in steps of an eighth of a second', async () => {
  await using started = await startFunction('stream', {
    limits: { burstBytes: 512 * KIB, bytesPerSecond: 512 * KIB },
  });
  const begun = performance.now();
  const invocation = await started.begin({ do: 'bytes', size: MIB });
  let total = 0;
  const steps = new Map<number, number>();
  for await (const piece of invocation.body) {
    total += piece.length;
    const step = Math.floor((performance.now() - begun) / 125);
    steps.set(step, (steps.get(step) ?? 0) + piece.length);
  }
  const took = performance.now() - begun;
  expect(total).toBe(MIB);
  expect(took).toBeGreaterThan(900);
  expect(took).toBeLessThan(2_500);
  for (const bytes of [...steps.values()].slice(-4)) expect(bytes).toBeLessThanOrEqual(128 * KIB);
});

test('a response below the rate is never held back', async () => {
  await using started = await startFunction('stream', { limits: { burstBytes: 64, bytesPerSecond: 8_000 } });
  await started.call({ do: 'count', chunks: 1 });
  const begun = performance.now();
  await started.call({ do: 'count', chunks: 20, everyMs: 25 });
  expect(performance.now() - begun).toBeLessThan(900);
});

test('the rate holds the function back, not only its bytes', async () => {
  await using started = await startFunction('stream', { limits: { burstBytes: 64 * KIB, bytesPerSecond: 64 * KIB } });
  const invocation = await started.begin({ do: 'acceptedInTime', size: 64 * MIB, withinMs: 700 });
  const iterator = invocation.body[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
  await sleep(1_000);
  const accepted = started.lines.flatMap(({ text }) => /accepted (\d+)/.exec(text)?.[1] ?? []);
  expect(accepted).toHaveLength(1);
  // What the sockets of the machine hold between the two, and little more.
  expect(Number(accepted[0])).toBeLessThan(12 * MIB);
  await started.fn.stop();
});

test('a slow reader holds the function back', async () => {
  await using started = await startFunction('stream');
  const invocation = await started.begin({ do: 'acceptedInTime', size: 64 * MIB, withinMs: 500 });
  const iterator = invocation.body[Symbol.asyncIterator]();
  await iterator.next();
  await sleep(800);
  const accepted = started.lines.flatMap(({ text }) => /accepted (\d+)/.exec(text)?.[1] ?? []);
  expect(Number(accepted[0])).toBeLessThan(12 * MIB);
  await iterator.return?.();
});

test('a reader that leaves does not stop the function, and the rest takes as long as for a reader', async () => {
  await using started = await startFunction('stream', {
    limits: { burstBytes: 64 * KIB, bytesPerSecond: 512 * KIB },
  });
  for (const isStarted of [true, false]) {
    const begun = performance.now();
    const invocation = await started.begin({ do: 'bytes', size: 512 * KIB });
    const iterator = invocation.body[Symbol.asyncIterator]();
    if (isStarted) await iterator.next();
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    const tail = await invocation.logTail();
    expect(tail).toContain(`Streamed: ${512 * KIB} bytes`);
    expect(tail).not.toContain('Status:');
    expect(performance.now() - begun).toBeGreaterThan(700);
  }
  expect(started.fn.stats()).toMatchObject({ coldStarts: 1, exits: 0 });
});

test('an infinite rate is none, whatever the burst', async () => {
  await using started = await startFunction('stream', { limits: { burstBytes: 10, bytesPerSecond: Infinity } });
  const { size, invocation } = await started.call({ do: 'bytes', size: 8 * MIB });
  expect(size).toBe(8 * MIB);
  expect(await invocation.logTail()).toContain(`Streamed: ${8 * MIB} bytes`);
});

test('a plain response is not held back', async () => {
  await using started = await startFunction('value', { limits: { burstBytes: 10, bytesPerSecond: 80 } });
  expect((await started.call({ do: 'large', size: 100_000 }, true)).size).toBe(100_002);
});

test('a streamed response beyond its cap fails there, and the environment lives', async () => {
  await using started = await startFunction('stream', { limits: { streamedBytes: 300_000 } });
  expect((await started.call({ do: 'bytes', size: 300_000 })).size).toBe(300_000);
  const invocation = await started.begin({ do: 'bytes', size: 300_001 });
  let received = 0;
  const reading = (async () => {
    for await (const piece of invocation.body) received += piece.length;
  })();
  expect((await failureOf(reading)).errorType).toBe('Function.ResponseSizeTooLarge');
  expect(received).toBe(300_000);
  expect(await invocation.logTail()).toContain('Error Type: Function.ResponseSizeTooLarge');
  expect((await started.call({ do: 'count', chunks: 1 })).text).toBe('chunk-0\n');
  expect(started.fn.stats()).toMatchObject({ coldStarts: 1, exits: 0 });
});

test('a response that is not streamed may have as many bytes as a payload, and an event too', async () => {
  await using plain = await startFunction('value', { limits: { payloadBytes: 10_000 } });
  await using stream = await startFunction('stream', { limits: { payloadBytes: 10_000 } });
  expect((await plain.call({ do: 'large', size: 9_998 })).size).toBe(10_000);
  const error = await plain.failure({ do: 'large', size: 9_999 });
  expect(error.errorType).toBe('Function.ResponseSizeTooLarge');
  expect(error.message).toBe('Response payload size exceeded maximum allowed payload size (10000 bytes).');
  expect((await stream.call({ do: 'bytes', size: 10_000 }, false)).size).toBe(10_000);
  expect((await stream.failure({ do: 'bytes', size: 10_001 }, false)).errorType).toBe('Function.ResponseSizeTooLarge');
  const tooLong = await plain.failure({ do: 'echo', text: 'x'.repeat(10_000) });
  expect(tooLong.errorType).toBe('RequestTooLargeException');
  expect(plain.fn.stats()).toMatchObject({ coldStarts: 1, exits: 0, invocations: 2 });
});

test('the default limits are those of AWS: six megabytes at once', async () => {
  await using started = await startFunction('stream');
  await started.call({ do: 'count' });
  const begun = performance.now();
  const invocation = await started.begin({ do: 'bytes', size: 6 * MIB + 512 * KIB });
  expect((await readAll(invocation.body)).length).toBe(6 * MIB + 512 * KIB);
  const took = performance.now() - begun;
  expect(took).toBeGreaterThan(125);
  expect(took).toBeLessThan(2_500);
});
