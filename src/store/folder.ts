import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import type { Bytes, Milliseconds } from '../units.ts';
import { createBudget } from './budget.ts';
import { diskBytes, encodeEntry } from './entry.ts';
import type { Entry } from './entry.ts';
import { entryFiles } from './entry-files.ts';
import { entryPath } from './entry-path.ts';
import { failing, unless } from './errno.ts';
import { checkKey, isKept, sliceRange } from './store.ts';
import type { Store } from './store.ts';
import { buckets, survey } from './survey.ts';
import { temporaryFiles } from './temporary.ts';

/** How much a folder may hold; clock and randomness. */
export interface FolderOptions {
  /** What all processes together may keep on the disk, within 10 %; each is given the same number. */
  readonly maxBytes: Bytes;
  readonly now: () => Milliseconds;
  readonly random?: (count: number) => Uint8Array;
}

/**
 * A store of one file per entry below `folder`, which several processes may share. Files appear whole or not at all
 * (finished beside, then linked or renamed); one whose length or checksum is wrong counts as absent and is removed.
 * Over the budget the entries unused for longest go; use is noted to the minute. What is kept does not count. The file system must be local and have
 * hard links. A full or failing disk is STORE_FAILED, and the next call tries anew.
 */
export function folderStore(folder: string, { maxBytes, now, random = randomBytes }: FolderOptions): Store {
  const temporary = temporaryFiles(join(folder, '.tmp'), Buffer.from(random(8)).toString('hex'));
  const entries = entryFiles(folder, { temporary, now, maxBytes });
  const budget = createBudget({
    maxBytes,
    survey: (oldestBytes, signal) => survey(folder, { oldestBytes, now: now(), signal }),
    evict: async ({ key, usedAt }: Entry) => {
      const unused = (stats: Stats): boolean => stats.mtimeMs === usedAt;
      const stats = await unless(lstat(join(folder, entryPath(key))), 'ENOENT', 'ENOTDIR');
      if (stats === undefined) return true;
      try {
        return unused(stats) && (await entries.remove(key, unused)) !== null;
      } catch {
        return false; // there are others to evict
      }
    },
  });

  const counted = (key: string, file: Uint8Array, write: () => Promise<boolean>): Promise<boolean> =>
    isKept(key) ? write() : budget.spend(diskBytes(file.byteLength), write);
  const release = (key: string, bytes: Bytes): void => {
    if (!isKept(key)) budget.release(bytes);
  };
  const operation = <T>(what: string, key: string, signal: AbortSignal | undefined, operate: () => Promise<T>) =>
    failing(`${what} ${key}`, signal, () => {
      checkKey(key);
      return operate();
    });

  return {
    get: (key, signal) => operation('get', key, signal, () => entries.get(key)),
    getRange: (key, range, signal) =>
      operation('get', key, signal, async () => {
        const stored = await entries.get(key); // whole: the checksum covers all of it, and values are small
        return stored && sliceRange(stored.bytes, range);
      }),
    putIfAbsent: (key, bytes, signal) =>
      operation('put', key, signal, () => {
        const file = encodeEntry(key, temporary.nextName(), bytes);
        return counted(key, file, () => entries.create(key, file, signal));
      }),
    replaceIfMatch: (key, bytes, tag, signal) =>
      operation('replace', key, signal, () => {
        const file = encodeEntry(key, temporary.nextName(), bytes);
        return counted(key, file, async () => {
          if (tag === null) return entries.create(key, file, signal);
          const replaced = await entries.replace(key, file, tag, signal);
          release(key, replaced ?? 0);
          return replaced !== null;
        });
      }),
    delete: (key) =>
      operation('delete', key, undefined, async () => {
        release(key, (await entries.remove(key, () => true)) ?? 0);
      }),
    list: (prefix, signal) => list(folder, prefix, signal),
    async close() {
      await budget.close();
      await failing('close', undefined, () => temporary.close());
    },
  };
}

async function* list(folder: string, prefix: string, signal?: AbortSignal): AsyncGenerator<string> {
  const slash = prefix.indexOf('/');
  const wanted = (family: string): boolean =>
    slash === -1 ? family.startsWith(prefix) : family === prefix.slice(0, slash);
  const found = buckets(folder, wanted);
  for (;;) {
    const next = await failing(`list ${prefix}`, signal, () => found.next());
    if (next.done === true) return;
    for (const { key } of next.value.files) if (key.startsWith(prefix)) yield key;
  }
}
