import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endLock, takeLock } from '../../src/store/key-lock.ts';

let folder: string;
let lock: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-lock-'));
  lock = join(folder, 'locks', 'key');
});
afterEach(() => rm(folder, { recursive: true }));

const take = async (name: string, signal?: AbortSignal): Promise<void> => {
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, name), name);
  await takeLock(lock, join(folder, name), signal);
};

test('of many who want a lock one has it at a time', async () => {
  let inside = 0;
  let most = 0;
  const names = Array.from({ length: 12 }, (_, n) => `owner-${n}`);
  await Promise.all(
    names.map(async (name) => {
      await take(name);
      inside += 1;
      most = Math.max(most, inside);
      expect(await readdir(lock)).toEqual([name]);
      inside -= 1;
      await endLock(lock, name);
    }),
  );
  expect(most).toBe(1);
});

test('a lock whose owner died is taken over after a second', async () => {
  await take('dead');
  const started = performance.now();
  await take('heir');
  expect(performance.now() - started).toBeGreaterThan(900);
  expect(await readdir(lock)).toEqual(['heir']);
});

test('an owner that slept through its lock can neither publish nor end the lock of the next', async () => {
  await take('sleeper');
  await take('heir');
  await expect(rename(join(lock, 'sleeper'), join(folder, 'published'))).rejects.toMatchObject({ code: 'ENOENT' });
  await endLock(lock, 'sleeper');
  expect(await readdir(lock)).toEqual(['heir']);
});

test('of many who wait for a dead owner one takes over at a time', async () => {
  await take('dead');
  let inside = 0;
  await Promise.all(
    Array.from({ length: 6 }, async (_, n) => {
      await take(`heir-${n}`);
      inside += 1;
      expect(inside).toBe(1);
      expect(await readdir(lock)).toEqual([`heir-${n}`]);
      inside -= 1;
      await endLock(lock, `heir-${n}`);
    }),
  );
  expect(inside).toBe(0);
});

test('waiting for a lock ends when its signal is aborted', async () => {
  await take('owner');
  await expect(take('visitor', AbortSignal.timeout(20))).rejects.toThrow();
  expect(await readdir(lock)).toEqual(['owner']);
});
