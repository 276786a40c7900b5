import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import { isErrno } from '../store/errno.ts';
import type { Milliseconds } from '../units.ts';

/** Puts `text` (or bytes) into `file`, for this user only; nobody ever reads half of it. @throws CONFIG_INVALID */
export const replaceFile = (file: string, text: string | Uint8Array): Promise<void> => place(file, text, rename);

/** The same, unless there is such a file: then that one stands. @throws CONFIG_INVALID */
export const createFile = (file: string, text: string): Promise<void> =>
  place(file, text, async (draft) => {
    await link(draft, file).catch((error: unknown) => {
      if (!isErrno(error, 'EEXIST')) throw error;
    });
  });

/** The text of `file`, or null where there is none. @throws CONFIG_INVALID */
export async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return null;
    throw unusable(`${file} cannot be read`, cause);
  }
}

const LOCK_TRIES = 40;
const LOCK_PAUSE: Milliseconds = 50;

/** Does `work` while no other process does it under the same lock `file`. @throws CONFIG_INVALID after two seconds */
export async function locked<T>(file: string, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; !(await lock(file)); tries++) {
    if (tries === LOCK_TRIES)
      throw new BatonError('CONFIG_INVALID', `another process is at work here; if none is, delete ${file}`);
    await sleep(LOCK_PAUSE);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** A file that cannot be used, and why. */
export function unusable(what: string, cause: unknown): BatonError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BatonError('CONFIG_INVALID', `${what}: ${reason}`, { cause });
}

async function place(
  file: string,
  text: string | Uint8Array,
  put: (draft: string, file: string) => Promise<void>,
): Promise<void> {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    await put(draft, file);
  } catch (cause) {
    throw unusable(`${file} cannot be written`, cause);
  } finally {
    await rm(draft, { force: true });
  }
}

async function lock(file: string): Promise<boolean> {
  try {
    await (await open(file, 'wx', 0o600)).close();
    return true;
  } catch (cause) {
    if (isErrno(cause, 'EEXIST')) return false;
    throw unusable(`${file} cannot be written`, cause);
  }
}
