import { mkdir, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { folderStore } from '../../src/store/folder.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { inFolder } from '../support/ffmpeg.ts';
import { ffmpegProcesses, openDescriptors, settled } from '../support/leaks.ts';
import { startOrigin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { randomNumbers } from '../support/signal.ts';
import { source, type SourceName } from '../support/sources.ts';

const REQUESTS = process.env['BATON_FULL'] === '1' ? 1000 : 100;
/** Encoders that wait for the next play from a start. */
const PARKED = 4;

const NAMES: readonly SourceName[] = ['vbr-bare.mp3', 'cbr.mp3', 'chapters.m4a', 'artwork-3mb.mp3'];
const OPTIONS = ['codec.mp3~bitrate.96k', 'codec.mp3~bitrate.48k~channels.mono~start.2000ms', 'codec.mp3~bitrate.320k'];

afterEach(() => {
  vi.unstubAllEnvs();
});

test(`${REQUESTS} requests dropped at random moments leave nothing behind`, { timeout: 600_000 }, async () => {
  await inFolder(async (folder) => {
    const temporary = await ownTemporaryFolder(folder);
    const contents = new Map<string, Uint8Array>();
    for (const name of NAMES) contents.set(`/${name}`, (await source(name)).bytes);
    await using origin = await startOrigin(({ url }) => contents.get(url) ?? new Uint8Array(), { latencyMs: 5 });
    const store = folderStore(`${folder}/store`, { maxBytes: 3_000_000, now: Date.now });
    const baton = await startBaton({ allowOrigins: [origin.origin], store });
    const random = randomNumbers(8);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

    const drop = async (): Promise<void> => {
      const url = baton.file(origin.url(`/${pick(NAMES)}`), pick(OPTIONS));
      const range = random() < 0.6 ? `${Math.floor(random() * 150_000)}-` : undefined;
      const leaving = new AbortController();
      if (random() < 0.5) setTimeout(() => leaving.abort(), random() ** 2 * 300);
      const leaveAfter = random() < 0.5 ? Math.floor(random() * 60_000) : Infinity;
      const asked = get(url, { leaveAfter, signal: leaving.signal, ...(range !== undefined && { range }) });
      await asked.catch((error: unknown) => {
        if (!leaving.signal.aborted) throw error;
      });
    };
    await dropAll(drop, 20); // connections and modules that stay
    await idle(baton.origin);
    const descriptors = await openDescriptors();
    await dropAll(drop, REQUESTS);

    await idle(baton.origin);
    expect((await settled(ffmpegProcesses, (pids) => pids.length <= PARKED, 5000)).length).toBeLessThanOrEqual(PARKED);
    // Each parked encoder has three pipes, and the origin keeps a few connections, at both ends of which we are.
    const allowed = descriptors + 3 * PARKED + 20;
    expect(await settled(openDescriptors, (now) => now <= allowed, 5000)).toBeLessThanOrEqual(allowed);
    expect(origin.seen.filter(({ state }) => state === 'open')).toEqual([]);

    const began = performance.now();
    expect(await promisedFile(baton.file(origin.url('/cbr.mp3'), 'codec.mp3~bitrate.80k'))).toMatchObject({
      complete: true,
    });
    expect(performance.now() - began).toBeLessThan(10_000);

    await baton.stop();
    expect(await ffmpegProcesses()).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
    const kept = await readdir(`${folder}/store`, { recursive: true });
    expect(kept.filter((name) => name.startsWith('.tmp/'))).toEqual([]);
  });
});

test('stopping in the middle of many plays stops every encoder and connection', async () => {
  await using origin = await startOrigin((await source('vbr-xing.mp3')).bytes, { bytesPerSecond: 200_000 });
  const base = await openDescriptors();
  const baton = await startBaton({ allowOrigins: [origin.origin], config: { shutdownMs: 100 } });
  const plays = OPTIONS.map((options) => get(baton.file(origin.url(), options)).catch(() => null));
  await settled(ffmpegProcesses, (pids) => pids.length > 1);
  await baton.stop();
  expect(await ffmpegProcesses()).toEqual([]);
  await Promise.all(plays);
  expect(
    await settled(
      () => origin.connections,
      (open) => open === 0,
    ),
  ).toBe(0);
  await sleep(50);
  expect(await settled(openDescriptors, (now) => now <= base + 2)).toBeLessThanOrEqual(base + 2);
});

/** Nobody else writes there, so that whatever is found is ours. */
async function ownTemporaryFolder(folder: string): Promise<string> {
  const path = `${folder}/temporary`;
  await mkdir(path);
  vi.stubEnv('TMPDIR', path);
  return path;
}

async function dropAll(drop: () => Promise<void>, count: number): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await drop();
  };
  await Promise.all(Array.from({ length: 6 }, lane));
}

/** Until no response is under way. */
async function idle(origin: string): Promise<void> {
  const responses = async (): Promise<number> =>
    (JSON.parse((await get(`${origin}/healthz`)).bytes.toString()) as { responses: number }).responses;
  expect(await settled(responses, (count) => count === 0, 10_000)).toBe(0);
}
