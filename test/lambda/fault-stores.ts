import { rename, rm, unlink, writeFile } from 'node:fs/promises';
import { ask, type FaultKind, type World } from './fault-asking.ts';

/** Faults of the store, each with how often it is drawn. */
export const storeFaults: readonly (readonly [name: string, weight: number, kind: FaultKind])[] = [
  ['a store that is gone', 4, withoutStore],
  ['a store that cannot be written', 4, brokenStore],
];

/** The folder disappears under the functions, and comes back when they make it again. */
async function withoutStore(world: World): Promise<string> {
  await remove(world.store);
  return ask(world);
}

/** A file in the place of the folder, since root may write wherever there is a folder. */
async function brokenStore(world: World): Promise<string> {
  const { store } = world;
  const aside = `${store}.${world.origin.port}`;
  await rename(store, aside).catch(() => undefined);
  await writeFile(store, '').catch(() => undefined); // a function was quicker
  try {
    return await ask(world);
  } finally {
    await unlink(store).catch(() => undefined);
    await remove(aside);
  }
}

/** Functions go on writing into it meanwhile. */
const remove = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
