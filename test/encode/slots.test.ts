import { expect, test } from 'vitest';
import { encoderSlots } from '../../src/encode/slots.ts';

const never = new AbortController().signal;
const isPending = async (promise: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([promise.then(() => 'done'), Promise.resolve('pending')])) === 'pending';

test('reading ahead waits for a free encoder, first come first served', async () => {
  const slots = encoderSlots(2, 4);
  const first = await slots.ahead(never);
  await slots.ahead(never);
  const third = slots.ahead(never);
  const fourth = slots.ahead(never);
  expect(await isPending(third)).toBe(true);
  first();
  first();
  (await third)();
  await fourth;
  expect(await isPending(slots.ahead(never))).toBe(true);
});

test('a listener is let in beyond the limit, up to the urgent one, and then waits before those who read ahead', async () => {
  const slots = encoderSlots(1, 3);
  await slots.ahead(never);
  const first = await slots.urgent(never, 0);
  const second = await slots.urgent(never, 0);
  const reader = slots.ahead(never);
  const third = slots.urgent(never, 1);
  expect(await isPending(third)).toBe(true);
  await expect(slots.urgent(never, 1)).rejects.toThrow('Too many listeners');
  first();
  (await third)();
  expect(await isPending(reader)).toBe(true);
  second();
});

test('whoever stops waiting leaves the queue', async () => {
  const slots = encoderSlots(1, 2);
  const release = await slots.ahead(never);
  const stop = new AbortController();
  const left = slots.ahead(stop.signal);
  const next = slots.ahead(never);
  stop.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  await expect(slots.ahead(stop.signal)).rejects.toThrow('gone');
  release();
  await next;
});
