import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderStore } from '../../src/store/folder.ts';
import type { Store } from '../../src/store/store.ts';

/** A folder store in a new folder, which goes when it is closed. */
export async function openFolder(
  maxBytes = 10_000_000,
  now: () => number = Date.now,
): Promise<{ store: Store; folder: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-store-'));
  const store = folderStore(folder, { maxBytes, now });
  return {
    store,
    folder,
    async close() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The files below `folder`; looks again when a directory vanishes meanwhile. */
export async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => null);
  if (found === null) return filesBelow(folder);
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** What the files below `folder` hold together; those that vanish meanwhile count nothing. */
export async function bytesBelow(folder: string): Promise<number> {
  const sizes = (await filesBelow(folder)).map((path) =>
    stat(path)
      .then(({ size }) => size)
      .catch(() => 0),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
