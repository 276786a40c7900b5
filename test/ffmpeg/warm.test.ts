import { expect, test } from 'vitest';
import { startFfmpeg } from '../../src/ffmpeg/process.ts';
import { warmPool } from '../../src/ffmpeg/warm.ts';
import { FFMPEG } from '../support/ffmpeg.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';

const args = (name: string): string[] => [
  '-f',
  's16le',
  '-i',
  'pipe:0',
  '-metadata',
  `title=${name}`,
  '-f',
  'wav',
  'pipe:3',
];
const running = (count: number): Promise<number[]> => settled(ffmpegProcesses, (pids) => pids.length === count);

test('a parked process is the one that is taken, once', async () => {
  const pool = warmPool(FFMPEG, { size: 2, idleMs: 60_000 });
  pool.park(args('a'), 1);
  pool.park(args('a'), 1);
  const [parked] = await running(1);
  const first = pool.take(args('a'), 1);
  expect(await ffmpegProcesses()).toEqual([parked]);
  const second = pool.take(args('a'), 1);
  expect(await running(2)).toHaveLength(2);
  await Promise.all([first.stop(), second.stop(), pool.close()]);
  expect(await ffmpegProcesses()).toEqual([]);
});

test('other arguments get another process', async () => {
  const pool = warmPool(FFMPEG, { size: 2, idleMs: 60_000 });
  pool.park(args('a'), 1);
  await running(1);
  const other = pool.take(args('b'), 1);
  expect(await running(2)).toHaveLength(2);
  await Promise.all([other.stop(), pool.close()]);
});

test('what is parked longest gives way, and leaves when it has waited too long', async () => {
  const pool = warmPool(FFMPEG, { size: 2, idleMs: 300 });
  for (const name of ['a', 'b', 'c', 'd']) pool.park(args(name), 1);
  expect(await running(2)).toHaveLength(2);
  expect(await running(0)).toEqual([]);
  await pool.close();
});

test('a parked process that was killed is not given out', async () => {
  const pool = warmPool(FFMPEG, { size: 2, idleMs: 60_000 });
  pool.park(args('a'), 1);
  const [parked = 0] = await running(1);
  process.kill(parked, 'SIGKILL');
  await running(0);
  const taken = pool.take(args('a'), 1);
  expect(taken.alive()).toBe(true);
  await Promise.all([taken.stop(), pool.close()]);
});

test('once closed, the pool parks nothing any more', async () => {
  const pool = warmPool(FFMPEG, { size: 2, idleMs: 60_000 });
  await pool.close();
  pool.park(args('late'), 1);
  expect(await settled(ffmpegProcesses, (pids) => pids.length > 0, 200)).toEqual([]);
});

test('a process that is stopped at any age is gone when stop resolves', async () => {
  for (let n = 0; n < 20; n++) {
    const started = startFfmpeg(FFMPEG, args('brief'), 1);
    await new Promise((resolve) => setTimeout(resolve, n / 2));
    await Promise.all([started.stop(), started.stop()]);
    expect(await started.ended).toMatchObject({ kind: 'signal', ours: true });
  }
  expect(await ffmpegProcesses()).toEqual([]);
});
