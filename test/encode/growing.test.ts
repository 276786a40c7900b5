import { expect, test } from 'vitest';
import { growing } from '../../src/encode/growing.ts';

const never = new AbortController().signal;

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const piece of bytes) for (const byte of piece) all.push(byte);
  return all;
}

test('readers get what is there, then what comes, up to their end', async () => {
  const chunk = growing(6);
  chunk.append(Uint8Array.of(1, 2, 3));
  const early = collect(chunk.follow(1, 6, never));
  const short = collect(chunk.follow(0, 2, never));
  expect(await short).toEqual([1, 2]);
  expect(chunk.complete()).toBeNull();
  chunk.append(Uint8Array.of(4));
  chunk.append(Uint8Array.of(5, 6));
  expect(await early).toEqual([2, 3, 4, 5, 6]);
  expect(await collect(chunk.follow(0, 6, never))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(chunk.complete()).toHaveLength(6);
});

test('one whose size is not known grows, and readers follow it to where it ends', async () => {
  const chunk = growing(null);
  const pieces = Array.from({ length: 9 }, (_, n) => Buffer.alloc(20_000, n)); // more than it has room for at first
  const all = collect(chunk.follow(0, Infinity, never));
  const early = chunk.follow(0, 20_000, never).next();
  for (const piece of pieces) chunk.append(piece);
  expect(chunk.complete()).toBeNull();
  chunk.end();
  expect(Buffer.from(await all).equals(Buffer.concat(pieces))).toBe(true);
  expect((await early).value).toHaveLength(20_000);
  expect(chunk.complete()?.length).toBe(180_000);
  expect(await collect(chunk.follow(179_999, Infinity, never))).toEqual([8]);
});

test('one of unknown size may end with nothing in it', async () => {
  const chunk = growing(null);
  const nothing = collect(chunk.follow(0, Infinity, never));
  chunk.end();
  expect(await nothing).toEqual([]);
  expect(chunk.complete()).toHaveLength(0);
});

test('a failure comes after the bytes that were there before it', async () => {
  const chunk = growing(3);
  chunk.append(Uint8Array.of(1));
  const reader = chunk.follow(0, 3, never);
  expect((await reader.next()).value).toEqual(Buffer.of(1));
  const next = reader.next();
  chunk.fail(new Error('broken'));
  await expect(next).rejects.toThrow('broken');
  expect(await collect(chunk.follow(0, 1, never))).toEqual([1]);
});

test('a reader who leaves stops waiting', async () => {
  const stop = new AbortController();
  const next = growing(3).follow(0, 3, stop.signal).next();
  stop.abort(new Error('left'));
  await expect(next).rejects.toThrow('left');
});
