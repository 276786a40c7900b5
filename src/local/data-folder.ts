import { randomBytes } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BatonError } from '../errors.ts';
import { formatKeys, newKey, parseKeys, type Keys } from '../sign/keys.ts';
import { isErrno } from '../store/errno.ts';
import { createFile, locked, readText, replaceFile, unusable } from './own-file.ts';

/** What Baton keeps on a machine of its own: keys, store, engine record, demo. */
export interface DataFolder {
  readonly path: string;
  readonly keysFile: string;
  readonly engineFile: string;
  readonly storeFolder: string;
  readonly demoFolder: string;
  /** The signing keys. @throws CONFIG_INVALID when their file is missing, cannot be read or is broken */
  readKeys(): Promise<Keys>;
  /** Replaces the keys by what `change` makes of them, one process at a time. @throws CONFIG_INVALID */
  changeKeys(change: (keys: Keys) => Keys): Promise<Keys>;
  /** The server that runs on this folder, or null. */
  readServer(): Promise<ServerRecord | null>;
  /** Says where this process serves; the function it gives takes that back. */
  announceServer(server: Omit<ServerRecord, 'pid'>): Promise<() => Promise<void>>;
}

/** Where a server runs, so that commands on the same folder find it. */
export interface ServerRecord {
  readonly origin: string;
  /** Sources that it plays although they are not public. */
  readonly allowOrigins: readonly string[];
  readonly pid: number;
}

/**
 * The data folder at `folder`. It is made when it is not there, for this user only, and so is a random signing key;
 * processes that start at the same time agree on one.
 * @throws CONFIG_INVALID when that is not possible
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const data = dataFolderAt(folder);
  try {
    await makeFolder(data.path);
  } catch (cause) {
    throw unusable(`the data folder ${data.path} cannot be made`, cause);
  }
  if ((await readText(data.keysFile)) !== null) return data;
  const { kid, secret } = newKey(randomBytes);
  await createFile(join(data.path, '.gitignore'), '*\n'); // keys are not for a repository
  await createFile(data.keysFile, keysText({ current: kid, byId: new Map([[kid, secret]]) }));
  return data;
}

/** One by one: the recursive form of mkdir never returns where the system refuses a new folder with ENOENT, as in /proc. */
async function makeFolder(path: string): Promise<void> {
  const make = (): Promise<unknown> => mkdir(path, { mode: 0o700 });
  const onFailure = async (error: unknown): Promise<void> => {
    if (isErrno(error, 'EEXIST') && (await stat(path)).isDirectory()) return;
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await make().catch((again: unknown) => {
      if (!isErrno(again, 'EEXIST')) throw again;
    });
  };
  await make().catch(onFailure);
}

/** The data folder at `folder` as it is: nothing is made. */
export function dataFolderAt(folder: string): DataFolder {
  const path = resolve(folder);
  const keysFile = join(path, 'keys.json');
  const serverFile = join(path, 'server.json');
  return {
    path,
    keysFile,
    engineFile: join(path, 'engine.json'),
    storeFolder: join(path, 'store'),
    demoFolder: join(path, 'demo'),
    readKeys: () => readKeys(keysFile),
    changeKeys: (change) =>
      locked(`${keysFile}.lock`, async () => {
        const keys = change(await readKeys(keysFile));
        await replaceFile(keysFile, keysText(keys));
        return keys;
      }),
    readServer: () => readServer(serverFile),
    announceServer: async (server) => {
      const own: ServerRecord = { ...server, pid: process.pid };
      await replaceFile(serverFile, `${JSON.stringify(own)}\n`);
      return async () => {
        if ((await readServer(serverFile))?.pid === process.pid) await rm(serverFile, { force: true });
      };
    },
  };
}

async function readKeys(file: string): Promise<Keys> {
  const text = await readText(file);
  if (text === null) throw new BatonError('CONFIG_INVALID', `${file} is missing`);
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (!Array.isArray(keys)) throw new BatonError('CONFIG_INVALID', 'it has no list of keys');
    return parseKeys(keys.join('\n'));
  } catch (thrown) {
    // What a JSON parser says of broken text may quote it, secrets and all.
    const reason = thrown instanceof BatonError ? thrown.detail : 'it is not JSON';
    const advice = 'Restore it from a copy, or delete it: Baton then makes a new key, and all links so far are void.';
    throw new BatonError('CONFIG_INVALID', `${file} is broken: ${reason}. ${advice}`);
  }
}

const keysText = (keys: Keys): string => `${JSON.stringify({ keys: formatKeys(keys).trim().split('\n') }, null, 2)}\n`;

async function readServer(file: string): Promise<ServerRecord | null> {
  try {
    const record = JSON.parse((await readText(file)) ?? '') as ServerRecord;
    return isRunning(record.pid) ? record : null;
  } catch {
    return null;
  }
}

/** A server that was killed leaves its record behind. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}
