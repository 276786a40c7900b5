import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOrigin } from '../test/support/origin.ts';
import { source } from '../test/support/sources.ts';
import { firstByteMs } from './first-byte.ts';
import { startBaton } from './lab.ts';
import { limit, type Row } from './measure.ts';

/** How much of an hour of VBR MP3 without Xing is read from a far origin before the first audio leaves. */
export async function farOrigin(): Promise<readonly Row[]> {
  const { bytes } = await source('hour-vbr-bare.mp3');
  await using origin = await startOrigin(bytes, { latencyMs: 50, bytesPerSecond: 5_000_000 });
  await using stack = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const baton = await startBaton(data, origin.origin, stack);
  const ms = await firstByteMs(baton.link(origin.url('/hour.mp3'), 'codec.mp3~bitrate.128k'));
  const read = origin.bytesSent / 1000;
  return [
    limit('far origin (50 ms, 5 MB/s): read before first audio', 'kB', read, 512),
    limit('far origin: first audio', 'ms', ms, 1000),
  ];
}
