import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BatonError } from '../errors.ts';
import { checkExecutable, type Architecture } from './architecture.ts';

/** The builds that `@ffmpeg-installer/ffmpeg` would install on a machine of that kind. */
const PACKAGES: Readonly<Record<Architecture, string>> = {
  arm64: '@ffmpeg-installer/linux-arm64@4.1.4',
  x64: '@ffmpeg-installer/linux-x64@4.1.0',
};
// Not in node_modules, which `npm ci` empties.
const CACHE = fileURLToPath(new URL('../../.baton/ffmpeg/', import.meta.url));

const run = promisify(execFile);

/** Where `fetchFfmpeg` puts the binary for `arch`, whether it is there or not. */
export const fetchedFfmpeg = (arch: Architecture): string =>
  join(CACHE, PACKAGES[arch].replace(/^@.*\//, ''), 'ffmpeg');

/**
 * Fetches ffmpeg for an architecture that npm does not install on this machine, once; gives its path. Needs npm, tar
 * and, the first time, the network. Throws ENCODER_MISSING.
 */
export async function fetchFfmpeg(arch: Architecture, report: (text: string) => void): Promise<string> {
  const path = fetchedFfmpeg(arch);
  const isThere = await checkExecutable(path, arch).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  report(`Fetching ${PACKAGES[arch]} with npm`);
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(join(CACHE, 'draft-'));
  try {
    await unpack(PACKAGES[arch], draft);
    const binary = join(draft, 'package/ffmpeg');
    await checkExecutable(binary, arch);
    await chmod(binary, 0o755);
    await mkdir(dirname(path), { recursive: true });
    await rename(binary, path);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return path;
}

async function unpack(name: string, folder: string): Promise<void> {
  try {
    const { stdout } = await run('npm', ['pack', name, '--json', '--pack-destination', folder]);
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    await run('tar', ['-xzf', join(folder, filename.replace(/^@/, '').replace('/', '-')), '-C', folder]);
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
    throw new BatonError('ENCODER_MISSING', `${name} could not be fetched: ${said.trim().slice(0, 500)}`, { cause });
  }
}
