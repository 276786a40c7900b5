import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOrigin } from '../support/origin.ts';
import { serve } from '../support/served.ts';
import { source } from '../support/sources.ts';

const RENDITIONS = [128, 112, 96, 80, 64].flatMap((kbps) =>
  ['', '~channels.mono'].map((channels) => `codec.mp3~bitrate.${kbps}k${channels}`),
);
const MB = 2 ** 20;

/** The bytes of every rendition, made by a Baton with a store of its own. */
async function references(sourceUrl: string, allowed: string): Promise<Map<string, Buffer>> {
  await using baton = await startBaton({ allowOrigins: [allowed] });
  const wholes = new Map<string, Buffer>();
  for (const options of RENDITIONS) wholes.set(options, (await get(baton.file(sourceUrl, options))).bytes);
  return wholes;
}

/** What the files in `folder` hold; some may go while this looks. */
function folderBytes(folder: string): number {
  const { stdout } = spawnSync('find', [folder, '-type', 'f', '-printf', '%s\n'], { encoding: 'utf8' });
  return stdout.split('\n').reduce((sum, size) => sum + Number(size), 0);
}

test('three servers on one data folder, under a budget smaller than the work, serve every byte right', async () => {
  const made = await source('vbr-xing.mp3', { seconds: 30 });
  await using origin = await startOrigin(made.bytes);
  const url = origin.url('/episode.mp3');
  const right = await references(url, origin.origin);
  const work = [...right.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  const budgetMb = 2; // many times what three servers write at once
  expect(work).toBeGreaterThan(1.5 * budgetMb * MB);

  await using stack = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'baton-shared-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const env = { BATON_ALLOW_ORIGINS: origin.origin, BATON_STORE_MB: String(budgetMb), BATON_MEMORY_MB: '0' };
  const servers = [];
  for (let i = 0; i < 3; i++) servers.push(stack.use(await serve(data, env)));

  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, folderBytes(join(data, 'store')))), 50);
  stack.defer(() => {
    clearInterval(watch);
  });
  const wrong: string[] = [];
  await Promise.all(
    servers.map(async (server, index) => {
      const order = [...RENDITIONS.slice(index * 2), ...RENDITIONS.slice(0, index)]; // some by one of them, some by all
      for (const options of order) {
        const { status, bytes } = await get(await server.file(url, options));
        if (status !== 200 || right.get(options)?.equals(bytes) !== true) wrong.push(`server ${index}: ${options}`);
      }
    }),
  );
  expect(wrong).toEqual([]);
  expect(most).toBeGreaterThan(0.5 * budgetMb * MB);
  expect(most).toBeLessThan(1.1 * budgetMb * MB);
}, 120_000);

test('a full disk costs the store, not the listener', async ({ skip }) => {
  const data = await mkdtemp(join(tmpdir(), 'baton-full-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', data], { encoding: 'utf8' });
  if (mounted.status !== 0) return skip(`a small disk needs the right to mount: ${mounted.stderr}`);
  stack.defer(() => void spawnSync('umount', [data]));

  const made = await source('vbr-xing.mp3', { seconds: 15 });
  await using origin = await startOrigin(made.bytes);
  const url = origin.url('/episode.mp3');
  const right = await references(url, origin.origin);
  await using server = await serve(data, { BATON_ALLOW_ORIGINS: origin.origin, BATON_MEMORY_MB: '0' });
  for (const options of [...RENDITIONS, ...RENDITIONS.slice(0, 2)]) {
    const { status, bytes } = await get(await server.file(url, options));
    expect([options, status, right.get(options)?.equals(bytes)]).toEqual([options, 200, true]);
  }
  expect(folderBytes(data)).toBeGreaterThan(256 * 1024);

  spawnSync('dd', ['if=/dev/zero', `of=${join(data, 'filler')}`, 'bs=4k']);
  await using restarted = await serve(data, { BATON_ALLOW_ORIGINS: origin.origin, BATON_MEMORY_MB: '0' });
  const again = await get(await restarted.file(url, RENDITIONS[0] ?? ''));
  expect(right.get(RENDITIONS[0] ?? '')?.equals(again.bytes)).toBe(true);
}, 120_000);
