import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The scripts of the player beside the bundle, by the path they are served at. */
export function packagedPlayer(packageFolder: string): ReadonlyMap<string, Uint8Array> {
  const folder = join(packageFolder, 'player');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
  return new Map(names.map((name) => [`/player/${name}`, readFileSync(join(folder, name))]));
}
