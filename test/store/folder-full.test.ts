import { Buffer } from 'node:buffer';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { degradingStore } from '../../src/store/degrading.ts';
import { folderStore } from '../../src/store/folder.ts';
import type { Store } from '../../src/store/store.ts';
import { filesBelow } from './open-folder.ts';

const run = promisify(execFile);

let disk: string;
let folder: string;
let store: Store;
let whyNot: string | null;

/** A disk of 2 MB with a store that believes in 100 MB. */
beforeEach(async () => {
  disk = await mkdtemp(join(tmpdir(), 'baton-disk-'));
  whyNot = await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]).then(
    () => null,
    (error: unknown) => `no small disk can be mounted here: ${String(error)}`,
  );
  folder = join(disk, 'store');
  await mkdir(folder);
  store = folderStore(folder, { maxBytes: 100_000_000, now: Date.now });
});
afterEach(async () => {
  await store.close();
  if (whyNot === null) await run('umount', [disk]);
  else await rm(folder, { recursive: true });
  await rmdir(disk);
});

const value = (n: number): Buffer => Buffer.alloc(40_000, n);
const fillUp = async (): Promise<number> => {
  for (let n = 0; ; n += 1) {
    const stored = await store.putIfAbsent(`chunk/${n}`, value(n)).catch(() => false);
    if (!stored) return n;
  }
};

test('a full disk fails writes, serves reads, leaves no half files, and takes writes when there is space', async (ctx) => {
  if (whyNot !== null) ctx.skip(whyNot);
  const filler = join(disk, 'filler');
  await writeFile(filler, Buffer.alloc(1_000_000));
  await store.putIfAbsent('pin/a', Buffer.from('1'));
  const { tag = '' } = (await store.get('pin/a')) ?? {};
  const stored = await fillUp();
  expect(stored).toBeGreaterThan(15);

  const failed = { code: 'STORE_FAILED', detail: expect.stringContaining('ENOSPC') as unknown };
  await expect(store.putIfAbsent('chunk/more', value(0))).rejects.toMatchObject(failed);
  await expect(store.replaceIfMatch('pin/a', value(0), tag)).rejects.toMatchObject(failed);
  for (let n = 0; n < stored; n += 1) {
    expect(Buffer.compare((await store.get(`chunk/${n}`))?.bytes ?? Buffer.alloc(0), value(n))).toBe(0);
  }
  const paths = (await filesBelow(folder)).map((path) => relative(folder, path));
  expect(paths.filter((path) => !/^(?:chunk|pin)\//.test(path))).toEqual([]);
  expect(paths).toHaveLength(stored + 1);

  await rm(filler);
  expect(await store.putIfAbsent('chunk/more', value(0))).toBe(true);
  expect(await store.replaceIfMatch('pin/a', value(0), tag)).toBe(true);
});

test('entries can be deleted from a full disk, which makes room', async (ctx) => {
  if (whyNot !== null) ctx.skip(whyNot);
  await fillUp();
  await store.delete('chunk/0');
  await store.delete('chunk/1');
  expect(await store.putIfAbsent('chunk/more', value(0))).toBe(true);
});

test('behind a degrading store nobody notices that the disk is full', async (ctx) => {
  if (whyNot !== null) ctx.skip(whyNot);
  const stored = await fillUp();
  const faults: unknown[] = [];
  const degrading = degradingStore(store, (fault) => faults.push(fault), Date.now);
  const served = await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      const cached = await degrading.get(`chunk/${n}`);
      if (cached === null) await degrading.putIfAbsent(`chunk/${n}`, value(n));
      return Buffer.compare(cached?.bytes ?? value(n), value(n));
    }),
  );
  expect(served.every((difference) => difference === 0)).toBe(true);
  expect(stored).toBeLessThan(200);
  expect(faults).toHaveLength(1);
});
