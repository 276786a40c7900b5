import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundlePlayer } from '../src/local/player-bundle.ts';
import { startOrigin } from '../test/support/origin.ts';
import { source } from '../test/support/sources.ts';
import { firstByteMs } from './first-byte.ts';
import { startBaton } from './lab.ts';
import { limit, median, type Row } from './measure.ts';

const ROUNDS = 20;
const GZIP_LEVEL = 9;

/** How soon a page with the player begins while its source has not said a word, and what the player's scripts weigh. */
export async function pages(): Promise<readonly Row[]> {
  const { bytes } = await source('cbr.mp3', { seconds: 6 });
  await using origin = await startOrigin(bytes, { latencyMs: 300 });
  await using stack = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const baton = await startBaton(data, origin.origin, stack);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS + 2; round++) {
    const url = baton.link(origin.url(`/${round}.mp3`), 'codec.mp3~bitrate.96k', { kind: 'embed', name: 'a.html' });
    times.push(await firstByteMs(url));
  }
  const scripts = await bundlePlayer();
  const kilobytes = (path: string): number =>
    gzipSync(scripts.get(path) ?? new Uint8Array(), { level: GZIP_LEVEL }).length / 1000;
  return [
    limit('embed page: first byte, source not asked yet', 'ms', median(times.slice(2)), 20),
    limit('player core, gzipped', 'kB', kilobytes('/player/core.js'), 10),
    limit('player with its element, gzipped', 'kB', kilobytes('/player/baton-player.js'), 20),
  ];
}
