import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { BatonError } from '../../src/errors.ts';
import { paced } from '../../src/net/pace.ts';

/** Gives chunks of the given sizes after the given waits; `stop` makes the pending wait fail. */
function source(steps: readonly (readonly [waitMs: number, bytes: number])[]) {
  const stopped = new AbortController();
  let left = false;
  async function* chunks() {
    try {
      for (const [waitMs, bytes] of steps) {
        if (waitMs > 0) await delay(waitMs, undefined, { signal: stopped.signal });
        yield new Uint8Array(bytes);
      }
    } catch (thrown) {
      throw stopped.signal.aborted ? stopped.signal.reason : thrown;
    } finally {
      left = true;
    }
  }
  return { bytes: chunks(), stop: (why: BatonError) => stopped.abort(why), left: () => left };
}

async function count(chunks: AsyncIterable<Uint8Array>, pauseMs = 0): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (pauseMs > 0) await delay(pauseMs);
  }
  return bytes;
}

const LIMITS = { idleMs: 200, windowMs: 100, minBytesPerWindow: 1_000 };
const repeat = <T>(times: number, step: T): T[] => Array<T>(times).fill(step);

test('a fast source passes unchanged', async () => {
  const { bytes, stop } = source(repeat(500, [0, 100]));
  expect(await count(paced(bytes, LIMITS, stop))).toBe(50_000);
});

test('a drip is cut within about one window, although no single wait is long', async () => {
  const { bytes, stop, left } = source(repeat(400, [5, 1]));
  const started = performance.now();
  await expect(count(paced(bytes, LIMITS, stop))).rejects.toMatchObject({ code: 'SOURCE_SLOW' });
  expect(performance.now() - started).toBeGreaterThan(90);
  expect(performance.now() - started).toBeLessThan(1_000);
  expect(left()).toBe(true);
});

test('a modest but steady source goes on through many windows', async () => {
  const { bytes, stop } = source(repeat(30, [20, 1_000]));
  expect(await count(paced(bytes, LIMITS, stop))).toBe(30_000);
});

test('a pause after good bytes has a window of its own', async () => {
  const { bytes, stop } = source([[0, 5_000], [400, 5_000]]); // prettier-ignore
  expect(await count(paced(bytes, { idleMs: 5_000, windowMs: 300, minBytesPerWindow: 1_000 }, stop))).toBe(10_000);
});

test('silence is cut after the idle time, although the rate was high before', async () => {
  const { bytes, stop } = source([[0, 1_000_000], [5_000, 1]]); // prettier-ignore
  const started = performance.now();
  const limits = { ...LIMITS, windowMs: 60_000 };
  await expect(count(paced(bytes, limits, stop))).rejects.toMatchObject({
    detail: expect.stringMatching(/^no byte/) as string,
  });
  expect(performance.now() - started).toBeGreaterThan(195);
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('a slow listener does not make a small and slow-looking source slow', async () => {
  const { bytes, stop } = source(repeat(8, [1, 10]));
  expect(await count(paced(bytes, LIMITS, stop), 80)).toBe(80);
});

test('a listener who pauses longer than the idle time finds the source as it was', async () => {
  const { bytes, stop } = source(repeat(2, [20, 10]));
  expect(await count(paced(bytes, LIMITS, stop), 450)).toBe(20);
});

test('waits add up over the pauses of a slow listener', async () => {
  const { bytes, stop } = source(repeat(100, [20, 1]));
  await expect(count(paced(bytes, LIMITS, stop), 10)).rejects.toMatchObject({ code: 'SOURCE_SLOW' });
});

test('bytes that came while the event loop was blocked count before the verdict', async () => {
  const { bytes, stop } = source([[1, 10], [30, 5_000], [1, 10]]); // prettier-ignore
  const reading = count(paced(bytes, { idleMs: 100, windowMs: 100, minBytesPerWindow: 1_000 }, stop));
  await delay(10);
  const until = performance.now() + 300;
  while (performance.now() < until);
  expect(await reading).toBe(5_020);
});

test('leaving early leaves the source too, and no timer', async () => {
  const { bytes, stop, left } = source(repeat(10, [0, 10]));
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  for await (const chunk of paced(bytes, LIMITS, stop)) {
    expect(chunk.byteLength).toBe(10);
    expect(timers()).toBe(before + 1);
    break;
  }
  expect(left()).toBe(true);
  expect(timers()).toBe(before);
});

test('ten thousand chunks need one timer', async () => {
  const made = vi.spyOn(globalThis, 'setTimeout');
  const { bytes, stop } = source(repeat(10_000, [0, 10]));
  await count(paced(bytes, LIMITS, stop));
  expect(made).toHaveBeenCalledTimes(1);
  made.mockRestore();
});
