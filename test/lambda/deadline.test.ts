import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { deadline } from '../../src/lambda/deadline.ts';

const MiB = 2 ** 20;

test('first a response is asked to end at a chunk, then everything is stopped, before the time is over', async () => {
  using until = deadline({ remainingMs: 500, payloadBytes: 6 * MiB });
  const beganAt = performance.now();
  expect([until.closing.aborted, until.signal.aborted]).toEqual([false, false]);
  while (!until.closing.aborted) await sleep(5);
  expect(until.signal.aborted).toBe(false);
  while (!until.signal.aborted) await sleep(5);
  expect(performance.now() - beganAt).toBeLessThan(500);
  expect(until.signal.reason).toMatchObject({ code: 'RESPONSE_LIMIT', status: 503 });
});

test('a payload that is nearly full closes the response', () => {
  using until = deadline({ remainingMs: 10_000, payloadBytes: 6 * MiB });
  until.sent(3 * MiB);
  until.sent(2 * MiB - 1);
  expect(until.closing.aborted).toBe(false);
  until.sent(2);
  expect(until.closing.reason).toMatchObject({ code: 'RESPONSE_LIMIT' });
  expect(until.signal.aborted).toBe(false);
  expect(until.sentBytes()).toBe(5 * MiB + 1);
});

test('what cannot have left by the time a response should end closes it, however fast the sockets took it', () => {
  using until = deadline({ remainingMs: 10_000, payloadBytes: 200 * MiB });
  until.sent(6 * MiB + 2 * 7 * MiB); // seven seconds
  expect(until.closing.aborted).toBe(false);
  until.sent(3 * MiB);
  expect(until.closing.reason).toMatchObject({ code: 'RESPONSE_LIMIT', detail: 'time' });
  expect(until.signal.aborted).toBe(false);
});

test('disposing it leaves nothing that could wake up in the next invocation', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  {
    using until = deadline({ remainingMs: 60_000, payloadBytes: MiB });
    expect(until.signal.aborted).toBe(false);
    expect(timers()).toBe(before + 2);
  }
  expect(timers()).toBe(before);
});
