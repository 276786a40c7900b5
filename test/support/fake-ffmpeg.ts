import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { startServer } from '../../src/local/server.ts';
import type { UsageRecord } from '../../src/meter/usage.ts';
import { publicLink } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { testKeys, type TestBaton } from './baton.ts';
import { FFMPEG } from './ffmpeg.ts';

/** A shell script that is started in place of ffmpeg. */
export interface FakeFfmpeg extends AsyncDisposable {
  readonly path: string;
  /** How often it was started. */
  readonly starts: () => Promise<number>;
}

/**
 * `script` has "$FFMPEG" for the real one and $n for how often the fake was started, this time included. It may write
 * to its pipes only: like ffmpeg it is forbidden to write files.
 */
export async function fakeFfmpeg(script: string): Promise<FakeFfmpeg> {
  const folder = await mkdtemp(join(tmpdir(), 'fake-ffmpeg-'));
  const path = join(folder, 'ffmpeg');
  // Folders can be made where files cannot, and only one of several processes makes each.
  const count = `n=1; while ! mkdir "${folder}/$n" 2>/dev/null; do n=$((n + 1)); done`;
  await writeFile(path, `#!/bin/sh\nFFMPEG=${FFMPEG}\n${count}\n${script}\n`);
  await chmod(path, 0o755);
  return {
    path,
    starts: async () => (await readdir(folder)).length - 1,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

/** A Baton that runs the ffmpeg at `path`, whatever that is. */
export async function startBatonWith(
  path: string,
  allowOrigin: string,
  encoders = 2,
): Promise<Pick<TestBaton, 'file' | 'origin' | 'usage' | 'stop'> & AsyncDisposable> {
  const usage: UsageRecord[] = [];
  const keys = testKeys();
  const server = await startServer({
    config: { ...readConfig({}), port: 0, shutdownMs: 500, allowOrigins: [allowOrigin], encoders },
    keys,
    engine: { path, arch: process.arch, id: 'fake' },
    store: memoryStore({ maxBytes: 2 ** 26 }),
    demo: null,
    log: (line) => void usage.push(JSON.parse(line) as UsageRecord),
    now: Date.now,
  });
  const stop = (): Promise<void> => server.stop();
  return {
    origin: server.origin,
    usage,
    stop,
    file: (source, options = 'codec.mp3~bitrate.96k') =>
      server.origin + publicLink({ kind: 'file', options, source, name: 'episode.mp3' }, keys),
    [Symbol.asyncDispose]: stop,
  };
}
