import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PUBLISHED_SCRIPTS } from '../local/player-entries.ts';
import type { Architecture } from '../package/architecture.ts';
import { HANDLERS } from '../package/handlers.ts';

/** What the functions are made of, in the folder of the package. */
const SOURCES = ['src', 'handlers', 'player', 'package.json'];
const CODE = HANDLERS.map((name) => `lambda/${name}.mjs`);
const SCRIPTS = PUBLISHED_SCRIPTS.map((name) => `lambda/player/${name}.js`);
const BESIDES = ['lambda/ffmpeg', 'edge/viewer-request.json', ...SCRIPTS];
const RECORD = 'lambda/engine.json';

/**
 * Whether `dist` in the package at `root` must be built before its functions can run on `arch`: it was built for
 * another processor or is not all there, or a source was changed, added or removed since.
 */
export async function needsBuild(root: string, arch: Architecture): Promise<boolean> {
  const dist = join(root, 'dist');
  try {
    if ((await packedFor(root)) !== arch) return true;
    const code = await withImports(CODE.map((name) => join(dist, name)));
    const built = await Promise.all([...code, ...[RECORD, ...BESIDES].map((name) => join(dist, name))].map(writtenAt));
    const changed = await Promise.all(SOURCES.map((name) => lastChange(join(root, name))));
    return Math.max(...changed) > Math.min(...built);
  } catch {
    return true; // the build says what is wrong, should it not help
  }
}

/** The processor that the functions in `dist` are for; null when there are none. */
export async function packedFor(root: string): Promise<string | null> {
  try {
    return (JSON.parse(await readFile(join(root, 'dist', RECORD), 'utf8')) as { arch?: string }).arch ?? null;
  } catch {
    return null;
  }
}

/** As esbuild writes them: relative, and in no other kind of text. */
const IMPORT = /["'](\.\.?\/[\w./-]+\.mjs)["']/g;

/** The files and all that they import. Throws when one is not there. */
async function withImports(files: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set(files);
  for (const file of found) {
    const text = await readFile(file, 'utf8');
    for (const [, path = ''] of text.matchAll(IMPORT)) found.add(join(dirname(file), path));
  }
  return found;
}

/** The latest change in a file or folder; that of a folder itself says that something was removed. */
async function lastChange(path: string): Promise<number> {
  const own = await stat(path);
  if (!own.isDirectory()) return own.mtimeMs;
  const inside = await Promise.all((await readdir(path)).map((name) => lastChange(join(path, name))));
  return Math.max(own.mtimeMs, ...inside);
}

const writtenAt = async (path: string): Promise<number> => (await stat(path)).mtimeMs;
