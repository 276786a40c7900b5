import { mkdir, open, rmdir, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Milliseconds } from '../units.ts';
import { isErrno, unless } from './errno.ts';

/** The files that one writer is still working on, in a directory of its own. */
export interface Temporary {
  /** A name that no writer anywhere gives twice. */
  nextName(): string;
  path(name: string): string;
  /** A finished file at `path(name)` with its modification time. Nothing is left of one that cannot be finished. */
  write(name: string, bytes: Uint8Array, usedAt: Milliseconds): Promise<void>;
  close(): Promise<void>;
}

/** `folder/writer` is made when it is needed, and again when somebody cleared it away; `writer` must be unique. */
export function temporaryFiles(folder: string, writer: string): Temporary {
  let names = 0;
  const path = (name: string): string => join(folder, writer, name);
  return {
    nextName() {
      names += 1;
      return `${writer}-${names}`;
    },
    path,
    async write(name, bytes, usedAt) {
      const file = await create(path(name));
      try {
        // No fsync: after a power cut the checksum tells, and everything here can be made again.
        await file.writeFile(bytes);
        await file.utimes(usedAt / 1000, usedAt / 1000);
        await file.close();
      } catch (thrown) {
        await file.close().catch(() => undefined);
        await unless(unlink(path(name)), 'ENOENT');
        throw thrown;
      }
    },
    close: () => unless(rmdir(path('')), 'ENOENT', 'ENOTEMPTY', 'EEXIST'),
  };
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (thrown) {
    if (!isErrno(thrown, 'ENOENT')) throw thrown;
    await mkdir(dirname(path), { recursive: true });
    return open(path, 'wx');
  }
}
