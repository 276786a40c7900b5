import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../src/local/data-folder.ts';
import { publicLink } from '../../src/sign/link.ts';
import { COPIED, filmChannel, filmScene, RATE } from './film-channel.ts';
import { serverProcess } from './process.ts';
import { holesIn, shownIn, watch } from './watcher.ts';

const SECONDS = 60;
/** A source that has been quiet for 5 s is away. */
const AWAY_MS = 11_000;

test.concurrent('while the source is away its last key picture stands, and then it goes on', async () => {
  await using at = await filmScene('ts', 60_000, SECONDS);
  const watcher = watch(at.link(COPIED));
  await sleep(3_000);
  at.channel.stall();
  await sleep(AWAY_MS);
  at.channel.resume();
  await sleep(8_000);
  watcher.stop();
  await watcher.over;
  expect(watcher.ends).toEqual(['stopped']);
  const [film, other] = watcher.films;
  expect(other).toBeUndefined();
  expect(film && holesIn(film)).toEqual([]);
  const numbers = (film === undefined ? [] : await shownIn(film)).map(({ number }) => number);
  const distinct = new Set(numbers);
  expect(distinct.size).toBe(Math.max(...numbers) - Math.min(...numbers) + 1);
  const again = numbers.filter((number, index) => numbers.indexOf(number) !== index);
  expect(again.length).toBeGreaterThan(2);
  expect(new Set(again).size).toBe(1);
  const stood = numbers.lastIndexOf(again[0] ?? NaN);
  expect(numbers.length - stood).toBeGreaterThan(2 * RATE);
});

test.concurrent(
  'another server takes over while the source is away: no hole is left that a player stops at',
  async () => {
    await using stack = new AsyncDisposableStack();
    const channel = stack.use(await filmChannel('ts', SECONDS));
    const data = await mkdtemp(join(tmpdir(), 'baton-live-'));
    stack.defer(() => rm(data, { recursive: true, force: true }));
    const origins = [channel.origin.origin];
    const [first, second] = [await serverProcess(data, origins), await serverProcess(data, origins)];
    stack.use(first);
    stack.use(second);
    const keys = await (await openDataFolder(data)).readKeys();
    const link = publicLink({ kind: 'live', options: COPIED, source: channel.url, name: 'a.mp4' }, keys);
    let home = first.origin;
    const watcher = watch(() => home + link);
    await sleep(5_000);
    channel.stall();
    await sleep(AWAY_MS);
    await first.kill();
    home = second.origin;
    await sleep(6_000);
    channel.resume();
    await sleep(8_000);
    const newest = channel.newest();
    watcher.stop();
    await watcher.over;
    const [film, other] = watcher.films;
    expect(other).toBeUndefined();
    expect(film && holesIn(film)).toEqual([]);
    const numbers = (film === undefined ? [] : await shownIn(film)).map(({ number }) => number);
    expect(Math.max(...numbers)).toBeGreaterThan((newest - 3) * 2 * RATE);
  },
  120_000,
);
