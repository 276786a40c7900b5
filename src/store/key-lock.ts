import { mkdir, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Milliseconds } from '../units.ts';
import { isErrno, unless } from './errno.ts';

/**
 * A lock that processes share, which breaks safely. The lock is a directory; it is held by the one file inside.
 *
 * - To take it: fill a directory of one's own with one file of a name that is never used twice, and rename(2) that
 *   directory to `lock`. The system refuses unless `lock` is absent or empty, so one of many succeeds.
 * - To give it back: remove the file, or move it to where it is wanted. A replacement puts the finished new version
 *   there, so that publishing it and ending the lock are one step.
 * - Whoever sees the same file for a second takes its owner for dead and removes it, by its name, and so never the file
 *   of a later owner. An owner that had only slept finds its file gone when it publishes, and knows that it has not.
 *
 * Resolves when the only file in `prepared` lies in `lock`. Throws the system's errors, or the signal's.
 */
export async function takeLock(lock: string, prepared: string, signal?: AbortSignal): Promise<void> {
  let seen: string | undefined;
  let waited: Milliseconds = 0;
  let pause: Milliseconds = 1;
  while (!(await renameOntoEmpty(prepared, lock))) {
    const [holder] = (await unless(readdir(lock), 'ENOENT')) ?? [];
    if (holder === undefined) continue;
    if (holder !== seen) [seen, waited, pause] = [holder, 0, 1];
    if (waited >= DEAD_AFTER) await unless(unlink(join(lock, holder)), 'ENOENT');
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
    waited += pause;
    pause = Math.min(2 * pause, 16);
  }
}

/** Ends the lock if the file `name` still holds it. */
export async function endLock(lock: string, name: string): Promise<void> {
  await unless(unlink(join(lock, name)), 'ENOENT', 'ENOTDIR');
  await unless(rmdir(lock), 'ENOENT', 'ENOTEMPTY', 'EEXIST'); // empty is free already, this is tidiness
}

const DEAD_AFTER: Milliseconds = 1000; // a lock is held for about a millisecond

async function renameOntoEmpty(from: string, to: string): Promise<boolean> {
  const attempt = async (): Promise<boolean> => {
    try {
      await rename(from, to);
      return true;
    } catch (thrown) {
      if (isErrno(thrown, 'ENOTEMPTY', 'EEXIST')) return false;
      throw thrown;
    }
  };
  try {
    return await attempt();
  } catch (thrown) {
    if (!isErrno(thrown, 'ENOENT')) throw thrown;
    await mkdir(dirname(to), { recursive: true });
    return attempt();
  }
}
