import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Output } from '../../src/encode/output.ts';
import { play } from '../../src/encode/play.ts';
import { chunkBytes } from '../../src/grid/chunk.ts';
import { chunkCount } from '../../src/grid/timeline.ts';
import { newMeter, type Meter } from '../../src/meter/usage.ts';
import type { ByteRange } from '../../src/units.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { startRelay, type Relay } from '../support/open-output.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { randomNumbers } from '../support/signal.ts';
import { source } from '../support/sources.ts';
import { memoryStore } from '../../src/store/memory.ts';

const never = new AbortController().signal;
const FULL = process.env['BATON_FULL'] === '1';
vi.setConfig({ testTimeout: FULL ? 600_000 : 60_000 });

let origin: Origin;

beforeAll(async () => {
  origin = await startOrigin((await source('hour-cbr-bare.mp3', { seconds: 120 })).bytes);
});
afterAll(() => origin.close());

const chunkSize = ({ timeline }: Output): number => chunkBytes(timeline, 0) ?? NaN;
const sizeOf = ({ timeline }: Output): number => (timeline.frames ?? NaN) * (timeline.frameBytes ?? NaN);

function listen(
  relay: Relay,
  output: Output,
  range: Partial<ByteRange> = {},
  meter: Meter = newMeter(),
  signal = never,
) {
  return play(output, { start: 0, end: sizeOf(output), ...range }, relay.baton, meter, { signal, closing: signal });
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Until no encoder runs but those that are parked. */
const idle = (parked = 1): Promise<number[]> => settled(ffmpegProcesses, (pids) => pids.length <= parked, 20_000);

test('a listener who takes nothing holds the encoders back, and goes on where they stopped', async () => {
  await using relay = await startRelay(origin.origin);
  const output = await relay.output(origin.url());
  const meter = newMeter();
  const bytes = listen(relay, output, {}, meter);
  const first = await bytes.next();
  await idle();
  const bytesBefore = origin.bytesSent;
  expect(meter.chunksEncoded).toBeLessThanOrEqual(9);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(origin.bytesSent).toBe(bytesBefore);
  const rest = await collect(bytes);
  expect((first.value as Uint8Array).length + rest.length).toBe(sizeOf(output));
  expect(meter.chunksEncoded).toBe(chunkCount(output.timeline));
});

test('a listener in real time is never more than ten seconds behind the encoders', async () => {
  await using relay = await startRelay(origin.origin);
  const output = await relay.output(origin.url());
  const meter = newMeter();
  const chunkBytes = chunkSize(output);
  let taken = 0;
  for await (const piece of listen(relay, output, { end: 12 * chunkBytes }, meter)) {
    taken += piece.length;
    await idle(); // as slow as that
    const behind = meter.chunksEncoded - Math.floor(taken / chunkBytes);
    expect(behind).toBeLessThanOrEqual(9);
  }
  expect(taken).toBe(12 * chunkBytes);
});

test('listeners of the same file share its encodes', async () => {
  await using relay = await startRelay(origin.origin);
  const output = await relay.output(origin.url());
  const meters = Array.from({ length: 4 }, newMeter);
  const wholes = await Promise.all(meters.map((meter) => collect(listen(relay, output, {}, meter))));
  for (const whole of wholes) expect(whole.equals(wholes[0] ?? Buffer.of())).toBe(true);
  expect(meters.reduce((sum, meter) => sum + meter.chunksEncoded, 0)).toBe(chunkCount(output.timeline));
});

test('a listener who comes later takes what is stored, and encodes nothing', async () => {
  await using relay = await startRelay(origin.origin);
  const output = await relay.output(origin.url());
  const end = 20 * chunkSize(output);
  const [first, second] = [newMeter(), newMeter()];
  const before = await collect(listen(relay, output, { end }, first));
  const after = await collect(listen(relay, output, { end }, second));
  expect(after.equals(before)).toBe(true);
  expect(first.chunksEncoded).toBe(20);
  expect([second.chunksEncoded, second.chunksStored]).toEqual([0, 20]);
});

test('a range reads and encodes only what it needs', async () => {
  await using relay = await startRelay(origin.origin);
  const output = await relay.output(origin.url());
  const meter = newMeter();
  const start = 30 * chunkSize(output);
  const before = origin.bytesSent;
  expect(await collect(listen(relay, output, { start, end: start + 10 }, meter))).toHaveLength(10);
  expect(meter.chunksEncoded).toBeLessThanOrEqual(1);
  expect(origin.bytesSent - before).toBeLessThan(150_000);
});

test('leaving stops the encoders and the reading of the source, however it is done', async () => {
  await using relay = await startRelay(origin.origin);
  const output = await relay.output(origin.url());
  const aborted = new AbortController();
  const first = listen(relay, output, { start: 100_000 });
  const second = listen(relay, output, { start: 900_000 }, newMeter(), aborted.signal);
  await Promise.all([first.next(), second.next()]);
  expect((await ffmpegProcesses()).length).toBeGreaterThan(0);
  await first.return(undefined);
  aborted.abort(new Error('the listener left'));
  await expect(collect(second)).rejects.toThrow('the listener left');
  expect(await settled(ffmpegProcesses, (pids) => pids.length === 0)).toEqual([]);
  expect(
    await settled(
      () => openRequests(),
      (open) => open === 0,
    ),
  ).toBe(0);
});

const openRequests = (): number => origin.seen.filter(({ state }) => state === 'open').length;

test('one of two listeners leaving does not hurt the other', async () => {
  await using relay = await startRelay(origin.origin);
  const output = await relay.output(origin.url());
  const range = { start: 300_000, end: 900_000 };
  const [stays, leaves] = [listen(relay, output, range), listen(relay, output, range)];
  const first = await Promise.all([stays.next(), leaves.next()]);
  await leaves.return(undefined);
  const rest = await collect(stays);
  expect((first[0].value as Uint8Array).length + rest.length).toBe(600_000);
});

test('a storm of seeks leaves every slot free and every byte right', async () => {
  await using relay = await startRelay(origin.origin, { encoders: 2 });
  const output = await relay.output(origin.url());
  const random = randomNumbers(7);
  const seeks = FULL ? 300 : 36;
  const seek = async (): Promise<void> => {
    const stop = new AbortController();
    const bytes = listen(relay, output, { start: Math.floor(random() * sizeOf(output)) }, newMeter(), stop.signal);
    if (random() < 0.3) setTimeout(() => stop.abort(new Error('left')), random() * 60);
    try {
      for (let pieces = Math.floor(random() * 6); pieces > 0; pieces--) await bytes.next();
    } catch (error) {
      expect(error).toMatchObject({ message: 'left' });
    } finally {
      await bytes.return(undefined);
    }
  };
  for (let n = 0; n < seeks; n += 6) await Promise.all(Array.from({ length: 6 }, seek));
  expect((await idle()).length).toBeLessThanOrEqual(1); // a seek to the start parks one
  const free = await Promise.all([
    relay.baton.slots.ahead(AbortSignal.timeout(500)),
    relay.baton.slots.ahead(AbortSignal.timeout(500)),
  ]);
  for (const release of free) release();

  const range = { start: 1_000_000, end: 1_500_000 };
  const after = await collect(listen(relay, output, range));
  await using fresh = await startRelay(origin.origin);
  expect(after.equals(await collect(listen(fresh, await fresh.output(origin.url()), range)))).toBe(true);
});

test('when too many listeners wait for an encoder the next are told to come again, and the others are served', async () => {
  await using slow = await startOrigin(origin.content, { latencyMs: 300 });
  await using relay = await startRelay(slow.origin, { encoders: 1 });
  const output = await relay.output(slow.url());
  const chunk = chunkSize(output);
  const asked = Array.from({ length: 40 }, (_, n) => {
    const start = n * chunk; // four are encoded, 32 wait
    return collect(listen(relay, output, { start, end: start + 1000 }));
  });
  const answers = await Promise.allSettled(asked);
  const refused = answers.filter((answer) => answer.status === 'rejected');
  expect(refused.map(({ reason }) => reason as unknown)).toEqual(
    refused.map(() => expect.objectContaining({ code: 'BUSY' }) as unknown),
  );
  expect(refused).toHaveLength(4);
  expect(await collect(listen(relay, output, { start: 45 * chunk, end: 46 * chunk }))).toHaveLength(chunk);
});

test('a store that cannot be written costs nobody a byte', async () => {
  const broken = { ...memoryStore({ maxBytes: 2 ** 25 }) };
  const store = {
    ...broken,
    putIfAbsent: (key: string, bytes: Uint8Array) =>
      key.startsWith('chunk/') ? Promise.reject(new Error('the disk is full')) : broken.putIfAbsent(key, bytes),
  };
  await using relay = await startRelay(origin.origin, { store });
  const output = await relay.output(origin.url());
  expect(await collect(listen(relay, output, { end: 100_000 }))).toHaveLength(100_000);
});

test('chunks are not encoded again while a slow store writes them', async () => {
  const memory = memoryStore({ maxBytes: 2 ** 25 });
  const store = {
    ...memory,
    putIfAbsent: async (key: string, bytes: Uint8Array) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return await memory.putIfAbsent(key, bytes);
    },
  };
  await using relay = await startRelay(origin.origin, { store });
  const output = await relay.output(origin.url());
  const end = chunkSize(output);
  const [first, second] = [newMeter(), newMeter()];
  await collect(listen(relay, output, { end }, first));
  await collect(listen(relay, output, { end }, second));
  expect([first.chunksEncoded, second.chunksEncoded]).toEqual([1, 0]);
});
