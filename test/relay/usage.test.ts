import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const OPTIONS = 'codec.mp3~bitrate.64k';

const records = (baton: TestBaton, count: number): Promise<unknown> =>
  settled(
    () => baton.usage,
    (usage) => usage.length >= count,
  );

test('a response that was encoded is one record with plausible figures', async () => {
  const { bytes } = await source('vbr-xing.mp3', { seconds: 8 });
  await using origin = await startOrigin(bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const began = performance.now();
  const whole = await get(baton.file(origin.url(), OPTIONS));
  const took = performance.now() - began;
  await records(baton, 1);
  expect(baton.usage).toHaveLength(1);
  const [record] = baton.usage;
  expect(record).toMatchObject({
    ...{ kind: 'file', method: 'GET', status: 200, rendition: OPTIONS, range: null, bytes: whole.bytes.length },
    ...{ chunksEncoded: 4, chunksStored: 0, outcome: 'whole', error: null },
  });
  expect(record).not.toHaveProperty('detail');
  if (record === undefined) return;
  expect(Math.abs(Date.parse(record.time) - Date.now())).toBeLessThan(60_000);
  expect(record.firstAudioMs).toBeGreaterThan(0);
  expect(record.totalMs).toBeGreaterThanOrEqual(record.firstAudioMs ?? Infinity);
  expect(record.totalMs).toBeLessThanOrEqual(took);
  expect(record.encoderCpuMs).toBeGreaterThan(0);
  expect(record.encoderCpuMs).toBeLessThan(2 * took + 1000);
  // Everything is read at least once, and little of it twice.
  expect(record.sourceBytes).toBeGreaterThanOrEqual(bytes.length * 0.9);
  expect(record.sourceBytes).toBeLessThanOrEqual(origin.bytesSent);
});

test('what the store has costs neither source nor encoder', async () => {
  const { bytes } = await source('vbr-xing.mp3', { seconds: 8 });
  await using origin = await startOrigin(bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const url = baton.file(origin.url(), OPTIONS);
  const { bytes: whole } = await get(url);
  const again = await get(url);
  const part = await get(url, { range: '30000-30999' });
  expect(again.bytes.equals(whole)).toBe(true);
  await records(baton, 3);
  expect(baton.usage.slice(1)).toMatchObject([
    { range: null, bytes: whole.length, sourceBytes: 0, chunksEncoded: 0, chunksStored: 4, encoderCpuMs: 0 },
    { range: 'bytes=30000-30999', status: 206, bytes: 1000, sourceBytes: 0, chunksEncoded: 0, chunksStored: 1 },
  ]);
  expect(part.bytes).toHaveLength(1000);
});

test('a relay counts what it read and encodes nothing', async () => {
  const { bytes } = await source('cbr.mp3', { seconds: 8 });
  await using origin = await startOrigin(bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const whole = await get(baton.file(origin.url(), 'codec.copy'));
  await records(baton, 1);
  expect(baton.usage).toMatchObject([
    { rendition: 'codec.copy', bytes: whole.bytes.length, chunksEncoded: 0, encoderCpuMs: 0, outcome: 'whole' },
  ]);
  expect(baton.usage[0]?.sourceBytes).toBeGreaterThanOrEqual(whole.bytes.length - 2000);
  expect(String(whole.headers['server-timing'])).not.toContain('source;dur=0.0');
});

test('answers without audio are recorded, too', async () => {
  const { bytes } = await source('vbr-xing.mp3', { seconds: 8 });
  await using origin = await startOrigin(bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const url = baton.file(origin.url(), OPTIONS);
  const { headers } = await get(url, { method: 'HEAD' });
  await get(url, { headers: { 'if-none-match': headers.etag ?? '' } });
  await get(url, { range: '99999999-' });
  await get(url, { method: 'OPTIONS' });
  await get(url, { method: 'POST' });
  await get(`${url}x`);
  await records(baton, 6);
  const silent = { bytes: 0, firstAudioMs: null, chunksEncoded: 0, chunksStored: 0, encoderCpuMs: 0 };
  expect(baton.usage).toMatchObject([
    { ...silent, method: 'HEAD', status: 200, outcome: 'whole', error: null },
    { ...silent, method: 'GET', status: 304, outcome: 'whole', error: null },
    { ...silent, method: 'GET', status: 416, outcome: 'refused', error: 'RANGE_NOT_SATISFIABLE' },
    { ...silent, method: 'OPTIONS', status: 204, outcome: 'whole', error: null },
    { ...silent, method: 'POST', status: 405, outcome: 'refused', error: 'METHOD_NOT_ALLOWED', rendition: null },
    { ...silent, method: 'GET', status: 403, outcome: 'refused', error: 'LINK_INVALID', rendition: null },
  ]);
});

test('the reason of a refusal stands in the record and nowhere else', async () => {
  await using origin = await startOrigin(Buffer.from('<html>'), { status: 404 });
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const refusal = await get(baton.file(origin.url(), OPTIONS));
  expect(refusal.bytes.toString()).not.toContain(origin.origin);
  expect(baton.usage).toMatchObject([{ status: 404, outcome: 'refused', error: 'SOURCE_MISSING', rendition: OPTIONS }]);
  expect(baton.usage[0]?.detail).toContain(origin.url());
});

/** A Baton whose source is so slow that nothing is whole soon. */
async function slowly(use: (baton: TestBaton, origin: Origin, url: string) => Promise<void>, bytesPerSecond: number) {
  const { bytes } = await source('cbr.mp3', { seconds: 16 });
  await using origin = await startOrigin(bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const url = baton.file(origin.url(), OPTIONS);
  await get(url, { method: 'HEAD' });
  origin.behaviour = { bytesPerSecond };
  await use(baton, origin, url);
  const open = (): number => origin.seen.filter(({ state }) => state === 'open').length;
  expect(await settled(open, (count) => count === 0)).toBe(0);
  await baton.stop();
  expect(await ffmpegProcesses()).toEqual([]);
}

test('a listener who leaves while audio flows has left', () =>
  slowly(async (baton, _origin, url) => {
    const { bytes } = await get(url, { leaveAfter: 2000 });
    await records(baton, 2);
    expect(baton.usage[1]).toMatchObject({ status: 200, outcome: 'left', error: null });
    expect(baton.usage[1]?.bytes).toBeGreaterThanOrEqual(bytes.length);
    expect(baton.usage[1]?.firstAudioMs).toBeGreaterThan(0);
  }, 40_000));

test('a listener who leaves before the first audio has left', () =>
  slowly(async (baton, origin, url) => {
    const before = origin.seen.length;
    const leaving = new AbortController();
    const answer = get(url, { range: '60000-', signal: leaving.signal }).catch(() => null);
    await settled(
      () => origin.seen.length,
      (count) => count > before,
    );
    leaving.abort();
    expect(await answer).toBeNull();
    await records(baton, 2);
    const left = { outcome: 'left', error: 'CLIENT_GONE', status: 499, bytes: 0, firstAudioMs: null };
    expect(baton.usage[1]).toMatchObject(left);
  }, 2000));

test('a listener who leaves while the next audio is awaited has left', () =>
  slowly(async (baton, origin, url) => {
    origin.behaviour = { stallAfter: 100 };
    // The head of the file and the first chunk come from the cache; the rest never comes.
    const leaving = new AbortController();
    const answer = get(url, { signal: leaving.signal });
    await sleep(700);
    leaving.abort();
    const { bytes, complete } = await answer;
    expect(complete).toBe(false);
    await records(baton, 2);
    expect(baton.usage[1]).toMatchObject({ status: 200, outcome: 'left', error: null });
    expect(baton.usage[1]?.bytes).toBe(bytes.length);
  }, 1_000_000));

test('a listener who stops reading holds the source back', async () => {
  const { bytes: once } = await source('cbr-48k-bare.mp3', { seconds: 6 });
  const bytes = Buffer.concat(Array<Uint8Array>(100).fill(once));
  await using origin = await startOrigin(bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const stalled = new AbortController();
  const response = await fetch(baton.file(origin.url(), 'codec.mp3~bitrate.320k'), { signal: stalled.signal });
  const sent = await steady(() => origin.bytesSent);
  expect(sent).toBeLessThan(bytes.length * 0.8);
  stalled.abort();
  await response.body?.cancel().catch(() => undefined);
  await records(baton, 1);
  expect(baton.usage).toMatchObject([{ outcome: 'left', error: null }]);
  await baton.stop();
  expect(await ffmpegProcesses()).toEqual([]);
});

/** The value once it has stood still for half a second. */
async function steady(ask: () => number): Promise<number> {
  for (let last = -1; ;) {
    const value = ask();
    if (value === last) return value;
    last = value;
    await sleep(500);
  }
}
