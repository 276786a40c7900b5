import { execFile } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BatonError } from '../errors.ts';
import { writePlayerFiles } from './player-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');

/**
 * Makes what the npm package exports: JavaScript with types of the player, the signer and the mountable server, and the
 * browser's scripts ready to serve. Gives the folder.
 * @throws INTERNAL when the sources do not compile
 */
export async function buildNpm(folder = join(ROOT, 'dist/npm')): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  const compile = promisify(execFile)(process.execPath, [COMPILER, '-p', 'tsconfig.npm.json', '--outDir', folder], {
    cwd: ROOT,
  });
  await compile.catch((cause: unknown) => {
    throw new BatonError('INTERNAL', (cause as { stdout?: string }).stdout ?? String(cause), { cause });
  });
  await writePlayerFiles(join(folder, 'scripts'));
  await cp(join(ROOT, 'player/custom-elements.json'), join(folder, 'custom-elements.json'));
  return folder;
}
