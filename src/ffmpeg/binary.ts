import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';
import installer from '@ffmpeg-installer/ffmpeg';
import { BatonError } from '../errors.ts';

/** The ffmpeg to run: FFMPEG_PATH when given, else the one of the npm package. Throws ENCODER_MISSING. */
export function findFfmpeg(ffmpegPath: string | null): string {
  const path = ffmpegPath ?? installer.path;
  try {
    accessSync(path, constants.X_OK);
  } catch (cause) {
    throw new BatonError('ENCODER_MISSING', `${path} cannot be executed`, { cause });
  }
  return path;
}

/** What is known of an ffmpeg without running it on anything. */
export interface BinaryFacts {
  readonly path: string;
  readonly version: string;
  /** Year in which its copyright line ends: the age of the build. */
  readonly year: number | null;
  readonly encoders: readonly string[];
}

/** What the binary says of itself. For `baton doctor`; never run for a request. */
export async function describeFfmpeg(path: string): Promise<BinaryFacts> {
  const run = promisify(execFile);
  const { stdout: version } = await run(path, ['-hide_banner', '-version'], { env: {} });
  const { stdout: encoders } = await run(path, ['-hide_banner', '-v', 'error', '-encoders'], { env: {} });
  const year = /Copyright \(c\) \d+-(\d+)/.exec(version)?.[1];
  return {
    path,
    version: /^ffmpeg version (\S+)/.exec(version)?.[1] ?? 'unknown',
    year: year === undefined ? null : Number(year),
    encoders: [...encoders.matchAll(/^ A\S+ (\S+)/gm)].map((match) => match[1] ?? ''),
  };
}
