import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BatonError } from '../errors.ts';
import { bundlePlayer } from '../local/player-bundle.ts';
import { PUBLISHED_SCRIPTS } from '../local/player-entries.ts';

/** Writes the browser's scripts into `folder`, each at its path below `/player/`. */
export async function writePlayerFiles(folder: string): Promise<void> {
  const scripts = await bundlePlayer();
  for (const name of PUBLISHED_SCRIPTS) {
    const script = scripts.get(`/player/${name}.js`);
    if (script === undefined) throw new BatonError('INTERNAL', `no script ${name}`);
    const file = join(folder, `${name}.js`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, script);
  }
}
