import { Buffer } from 'node:buffer';
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BatonError } from '../../src/errors.ts';
import { degradingStore } from '../../src/store/degrading.ts';
import { folderStore } from '../../src/store/folder.ts';
import type { Store } from '../../src/store/store.ts';
import { openFolder } from './open-folder.ts';

let opened: Awaited<ReturnType<typeof openFolder>>;
let folder: string;
let store: Store;
let faults: BatonError[];
let now: number;

/** A folder that is a link to itself: the system fails every operation on it until it is removed. */
beforeEach(async () => {
  opened = await openFolder();
  folder = join(opened.folder, 'loop');
  await symlink(folder, folder);
  faults = [];
  now = 1_000_000;
  const failing = folderStore(folder, { maxBytes: 1_000_000, now: Date.now });
  store = degradingStore(
    failing,
    (fault) => faults.push(fault),
    () => now,
  );
});
afterEach(() => opened.close());

const value = Buffer.from('value');

const OPERATIONS: readonly [string, (signal?: AbortSignal) => Promise<unknown>, unknown][] = [
  ['a read', (signal) => store.get('chunk/a', signal), null],
  ['a read of a part', (signal) => store.getRange('chunk/a', { start: 0, end: 1 }, signal), null],
  ['a put', (signal) => store.putIfAbsent('chunk/a', value, signal), false],
  ['a first version', (signal) => store.replaceIfMatch('pin/a', value, null, signal), false],
  ['a replacement', (signal) => store.replaceIfMatch('pin/a', value, 'tag', signal), false],
  ['a deletion', () => store.delete('chunk/a'), undefined],
  ['a list', (signal) => Array.fromAsync(store.list('', signal)), []],
  ['a bad key', (signal) => store.get('../a', signal), null],
];

test.each(OPERATIONS)('%s that fails is reported and does not fail the listener', async (_, operate, expected) => {
  expect(await operate()).toEqual(expected);
  expect(faults).toMatchObject([{ code: 'STORE_FAILED' }]);
});

test('many failures are reported once in ten seconds', async () => {
  for (const [, operate] of OPERATIONS) await operate();
  expect(faults).toHaveLength(1);
  now += 9_999;
  await store.get('chunk/a');
  expect(faults).toHaveLength(1);
  now += 1;
  await store.get('chunk/a');
  await store.get('chunk/a');
  expect(faults).toHaveLength(2);
});

test('an abort is the reason, not a fault', async () => {
  const reason = new Error('the listener left');
  for (const [name, operate] of OPERATIONS) {
    if (name !== 'a deletion') await expect(operate(AbortSignal.abort(reason))).rejects.toBe(reason);
  }
  expect(faults).toEqual([]);
});

test('a store that works again is used again', async () => {
  expect(await store.putIfAbsent('chunk/a', value)).toBe(false);
  await rm(folder);
  expect(await store.get('chunk/a')).toBeNull();
  expect(await store.putIfAbsent('chunk/a', value)).toBe(true);
  expect(Buffer.from((await store.get('chunk/a'))?.bytes ?? []).toString()).toBe('value');
  expect(await Array.fromAsync(store.list(''))).toEqual(['chunk/a']);
  await store.close();
  expect(faults).toHaveLength(1);
});
