import { expect, test } from 'vitest';
import { encoderSlots } from '../../src/encode/slots.ts';
import { newMeter } from '../../src/meter/usage.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { createSegments, type MakeSegment } from '../../src/video/segments.ts';

const KEY = 'chunk/engine/film/0';
const never = new AbortController().signal;

test('who comes back while a segment is being stopped shares a new one with others, and a server that ends stops it', async () => {
  const segments = createSegments(memoryStore({ maxBytes: 2 ** 20 }), encoderSlots(4, 4));
  const stopped = Promise.withResolvers<undefined>();
  const ends: unknown[] = [];
  let made = 0;
  const make: MakeSegment = async function* (_, signal) {
    const isFirst = made++ === 0;
    yield Uint8Array.of(made);
    const stop = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await stop;
    if (isFirst) await stopped.promise; // ffmpeg takes a moment to be gone
    ends.push((signal.reason as { code?: unknown }).code);
    throw signal.reason;
  };
  const watch = () => segments.read(KEY, make, newMeter(), never);

  const left = watch();
  expect((await left.next()).value?.[0]).toBe(1);
  await left.return();
  const back = watch();
  expect((await back.next()).value?.[0]).toBe(2);
  stopped.resolve(undefined);
  while (ends.length === 0) await new Promise(setImmediate);
  await new Promise(setImmediate);
  const other = watch();
  expect((await other.next()).value?.[0]).toBe(2);
  await segments.close();
  expect(ends).toEqual(['CLIENT_GONE', 'STOPPING']);
  for (const watching of [back, other]) await expect(watching.next()).rejects.toMatchObject({ code: 'STOPPING' });
});
