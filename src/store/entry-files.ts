import { Buffer } from 'node:buffer';
import type { Stats } from 'node:fs';
import { link, lstat, mkdir, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { diskBytes } from './entry.ts';
import { entryPath, flatName } from './entry-path.ts';
import { isErrno, unless } from './errno.ts';
import { endLock, takeLock } from './key-lock.ts';
import { readEntry } from './read-entry.ts';
import { isImmutable } from './store.ts';
import type { Stored } from './store.ts';
import type { Temporary } from './temporary.ts';

/** The entries of a folder that several processes write to. Everything throws the system's errors. */
export interface EntryFiles {
  /** The intact entry; a damaged one is removed. */
  get(key: string): Promise<Stored | null>;
  /** Publishes `file` unless an intact entry stands. */
  create(key: string, file: Uint8Array, signal?: AbortSignal): Promise<boolean>;
  /** Publishes `file` in the place of the version `tag`, the bytes of which it gives; null when that stands no more. */
  replace(key: string, file: Uint8Array, tag: string, signal?: AbortSignal): Promise<Bytes | null>;
  /** The bytes freed; null when the entry is absent or `condition` does not hold. */
  remove(key: string, condition: (stats: Stats) => boolean | Promise<boolean>): Promise<Bytes | null>;
}

/** Where files are finished, and what counts as one. */
export interface EntryFilesOptions {
  readonly temporary: Temporary;
  readonly now: () => Milliseconds;
  /** A file larger than this cannot be an entry. */
  readonly maxBytes: Bytes;
}

/** The entries below `folder`, which is made with the first of them. */
export function entryFiles(folder: string, { temporary, now, maxBytes }: EntryFilesOptions): EntryFiles {
  const pathOf = (key: string): string => join(folder, entryPath(key));
  const read = (key: string): Promise<Stored | 'absent' | 'damaged'> => readEntry(pathOf(key), key, now(), maxBytes);

  const get = async (key: string): Promise<Stored | null> => {
    const found = await read(key);
    if (found === 'damaged') await discard(key);
    return typeof found === 'string' ? null : found;
  };

  const discard = async (key: string): Promise<void> => {
    try {
      await remove(key, async () => (await read(key)) === 'damaged');
    } catch {
      // Damaged is as good as absent, removed or not.
    }
  };

  const create: EntryFiles['create'] = async (key, file, signal) => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const name = temporary.nextName();
      await temporary.write(name, file, now());
      try {
        signal?.throwIfAborted();
        if (await linkNew(temporary.path(name), pathOf(key))) return true;
      } finally {
        await unless(unlink(temporary.path(name)), 'ENOENT');
      }
      if ((await get(key)) !== null) return false;
    }
    throw new BatonError('STORE_FAILED', `${key} neither stands nor can be stored`);
  };

  const replace: EntryFiles['replace'] = async (key, file, tag, signal) => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const standing = await get(key);
      if (standing?.tag !== tag) return null;
      const publish = async (claim: string): Promise<boolean> => {
        const found = await read(key);
        if (typeof found === 'string' || found.tag !== tag) return false;
        signal?.throwIfAborted();
        return renameIfThere(claim, pathOf(key));
      };
      if (await locked(key, file, publish, signal)) return diskBytes(standing.bytes.buffer.byteLength);
    }
    throw new BatonError('STORE_FAILED', `${key}: the lock was lost ${ATTEMPTS} times`);
  };

  const remove: EntryFiles['remove'] = (key, condition) => {
    const removeNow = async (): Promise<Bytes | null> => {
      const stats = await unless(lstat(pathOf(key)), 'ENOENT', 'ENOTDIR');
      if (stats === undefined || !(await condition(stats))) return null;
      await unless(unlink(pathOf(key)), 'ENOENT');
      return diskBytes(stats.size);
    };
    // What never changes may be removed by mistake; a version that somebody was just told is stored may not.
    return isImmutable(key) ? removeNow() : locked(key, Buffer.alloc(0), removeNow);
  };

  /** Runs `operate` while nobody else replaces or removes `key`; `claim` holds `file` for just as long (`takeLock`). */
  const locked = async <T>(
    key: string,
    file: Uint8Array,
    operate: (claim: string) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> => {
    const name = temporary.nextName();
    const lock = join(folder, '.locks', flatName(key));
    try {
      await temporary.write(join(name, name), file, now());
      await takeLock(lock, temporary.path(name), signal);
      try {
        return await operate(join(lock, name));
      } finally {
        await endLock(lock, name);
      }
    } finally {
      await rm(temporary.path(name), { recursive: true, force: true });
    }
  };

  return { get, create, replace, remove };
}

const ATTEMPTS = 5;

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (thrown) {
    if (isErrno(thrown, 'EEXIST')) return false;
    if (!isErrno(thrown, 'ENOENT')) throw thrown;
    const made = await mkdir(dirname(to), { recursive: true });
    return made === undefined ? false : linkNew(from, to); // a directory that was there: it is `from` that is gone
  }
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (thrown) {
    if (isErrno(thrown, 'ENOENT')) return false;
    throw thrown;
  }
}
