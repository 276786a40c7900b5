import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isErrno } from '../store/errno.ts';

/** Where the npm package has them; the repository has no such folder, and bundles them when the first one is asked for. */
const PACKAGED = fileURLToPath(new URL('../../scripts/', import.meta.url));

/** The browser's scripts by the path they are served at. */
export async function playerScripts(): Promise<ReadonlyMap<string, Uint8Array>> {
  const names = await readdir(PACKAGED, { recursive: true }).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  });
  if (names === null) return (await import('./player-bundle.ts')).bundledPlayer();
  const scripts = names.filter((name) => name.endsWith('.js'));
  return new Map(
    await Promise.all(
      scripts.map(async (name) => [`/player/${name}`, new Uint8Array(await readFile(join(PACKAGED, name)))] as const),
    ),
  );
}
