import { Buffer } from 'node:buffer';
import { utimes } from 'node:fs/promises';
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { folderStore } from '../../src/store/folder.ts';
import { valueOf } from '../support/store-worker.ts';
import type { Job } from '../support/store-worker.ts';
import { bytesBelow, filesBelow, openFolder } from './open-folder.ts';
import { startWorkers } from './start-worker.ts';
import type { Worker } from './start-worker.ts';

const WORKERS = [0, 1, 2];

let opened: Awaited<ReturnType<typeof openFolder>>;
beforeEach(async ({ onTestFinished }) => {
  opened = await openFolder();
  onTestFinished(() => opened.close()); // after the workers, which are begun later, are gone
});

type Task = Omit<Job, 'folder' | 'worker' | 'maxBytes'> & { readonly maxBytes?: number };

const start = (workers: readonly number[], task: Task): Promise<Worker[]> =>
  startWorkers(workers.map((worker) => ({ maxBytes: 10_000_000, ...task, folder: opened.folder, worker })));

test('of three processes that put the same keys exactly one stores each', async () => {
  const workers = await start(WORKERS, { work: 'race', times: 300 });
  const won = (await Promise.all(workers.map(async (worker) => (await worker.ended())[0]))) as number[][];
  expect(won.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  for (const [worker, keys] of won.entries()) {
    for (const n of keys) {
      const stored = await opened.store.get(`chunk/race/${n}`);
      expect(Buffer.from(stored?.bytes ?? []).toString()).toBe(`worker ${worker}`);
    }
  }
});

const counter = async (): Promise<number> =>
  Number(Buffer.from((await opened.store.get('pin/counter'))?.bytes ?? []).toString());

test('three processes that count lose no update', async () => {
  const workers = await start(WORKERS, { work: 'count', times: 100 });
  const reports = (await Promise.all(workers.map((worker) => worker.ended()))).flat() as number[];
  expect(await counter()).toBe(300);
  expect(reports.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n + 1));
});

test('processes that are killed while they count lose no update that they were told of, and stop nobody', async () => {
  const victims = await start(WORKERS, { work: 'count', times: 1_000_000 });
  await Promise.all(victims.map((victim) => victim.next()));
  for (const victim of victims) {
    await victim.next();
    await victim.kill();
  }
  const told = Math.max(...(victims.flatMap(({ reports }) => reports) as number[]));
  expect(await counter()).toBeGreaterThanOrEqual(told);
  expect(await counter()).toBeLessThanOrEqual(told + victims.length);
  const before = await counter();
  const [heir] = await start([3], { work: 'count', times: 20 });
  await heir?.ended();
  expect(await counter()).toBe(before + 20);
});

test('three processes with more work than budget read nothing corrupt and keep the budget', async () => {
  const maxBytes = 4_000_000;
  const workers = await start(WORKERS, { work: 'churn', times: 200, valueBytes: 30_000, maxBytes });
  const ended = Promise.all(workers.map((worker) => worker.ended()));
  const seen: number[] = [];
  do seen.push(await bytesBelow(opened.folder));
  while (await Promise.race([ended.then(() => false), sleep(10, true)]));
  const reports = (await ended).flat() as { hits: number; wrong: number }[];
  expect(reports.map(({ wrong }) => wrong)).toEqual([0, 0, 0]);
  expect(reports.reduce((sum, { hits }) => sum + hits, 0)).toBeGreaterThan(300);
  expect(Math.max(...seen)).toBeLessThanOrEqual(1.1 * maxBytes);
  expect(seen.at(-1)).toBeGreaterThan(0.75 * maxBytes);
});

test('a writer that is killed in mid-write leaves nothing that reads wrong, and its traces are swept', async () => {
  const valueBytes = 3_000_000;
  const temporary = async (): Promise<string[]> =>
    (await filesBelow(opened.folder)).filter((path) => relative(opened.folder, path).startsWith('.'));
  for (let worker = 0; worker < 4 || (worker < 20 && (await temporary()).length === 0); worker += 1) {
    const [victim] = await start([worker], { work: 'write', times: 0, valueBytes, maxBytes: 100_000_000 });
    await victim?.next();
    await sleep(7 * worker);
    await victim?.kill();
  }
  const store = folderStore(opened.folder, { maxBytes: 100_000_000, now: Date.now });
  for await (const key of store.list('')) {
    const stored = await store.get(key);
    expect(stored && Buffer.compare(stored.bytes, valueOf(key, valueBytes))).toBe(0);
  }
  const anHourAgo = new Date(Date.now() - 3_600_000);
  const left = await temporary();
  expect(left.length).toBeGreaterThan(0);
  for (const path of left) await utimes(path, anHourAgo, anHourAgo);
  await store.putIfAbsent('chunk/next', Buffer.from('x'));
  await expect.poll(temporary).toEqual([]);
  await store.close();
});
