import { expect, test } from 'vitest';
import { finish } from '../../src/encode/finish.ts';
import { growing } from '../../src/encode/growing.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOrigin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const never = new AbortController().signal;

async function timed(work: Promise<void>): Promise<number> {
  const began = performance.now();
  await work;
  return performance.now() - began;
}

test('waits for the rest of a chunk and no longer', async () => {
  const chunk = growing(10);
  chunk.append(Buffer.alloc(4));
  setTimeout(() => {
    chunk.append(Buffer.alloc(6));
  }, 50);
  expect(await timed(finish(chunk, never))).toBeGreaterThan(40);
  expect(chunk.complete()).toHaveLength(10);
  expect(await timed(finish(chunk, never))).toBeLessThan(20);
});

test('is over when the chunk fails, when somebody ends it, and after a second', async () => {
  const failed = growing(10);
  failed.fail(new Error('no source'));
  expect(await timed(finish(failed, never))).toBeLessThan(20);
  expect(await timed(finish(growing(10), AbortSignal.abort()))).toBeLessThan(20);
  expect(await timed(finish(growing(10), AbortSignal.timeout(50)))).toBeLessThan(500);
  const late = await timed(finish(growing(10), never));
  expect(late).toBeGreaterThan(900);
  expect(late).toBeLessThan(1500);
});

test('ranges that are shorter than a chunk have it encoded once', async () => {
  await using origin = await startOrigin((await source('cbr.mp3')).bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const url = baton.file(origin.url(), 'codec.mp3~bitrate.64k');
  for (const at of [60_000, 61_000, 62_000]) expect((await get(url, { range: `${at}-${at + 999}` })).status).toBe(206);
  await baton.stop();
  expect(baton.usage.map(({ outcome }) => outcome)).toEqual(['whole', 'whole', 'whole']);
  const seen = baton.usage.map(({ chunksEncoded, chunksStored }) => [chunksEncoded, chunksStored]);
  expect(seen).toEqual([
    [1, 0],
    [0, 1],
    [0, 1],
  ]);
});
