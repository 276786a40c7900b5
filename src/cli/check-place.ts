import { randomBytes } from 'node:crypto';
import { rm, stat, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { dataFolderAt } from '../local/data-folder.ts';
import { reasonOf, type Finding } from './finding.ts';

const GIB = 2 ** 30;

/** Whether the data folder can be written, is private, and has the space that the store may take. Makes nothing. */
export async function checkDataFolder({ dataFolder, storeBytes }: Config): Promise<Finding[]> {
  const path = resolve(dataFolder);
  const place = await nearest(path);
  const findings = [await writable(path, place), await space(place, storeBytes)];
  return place === path ? [...findings, await keys(path)] : findings;
}

/** The folder itself or, where it is still to be made, the one it will be made in. */
async function nearest(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || dirname(path) === path ? path : nearest(dirname(path));
}

async function writable(path: string, place: string): Promise<Finding> {
  const name = 'data folder';
  const probe = join(place, `.baton-doctor-${randomBytes(6).toString('hex')}`);
  try {
    await writeFile(probe, '', { flag: 'wx' });
    return { name, state: 'ok', text: place === path ? path : `${path} (made at the first start)` };
  } catch (thrown) {
    const advice = 'Choose a folder that you may write with --data or BATON_DATA.';
    return { name, state: 'fail', text: reasonOf(thrown), advice };
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

async function space(place: string, storeBytes: number): Promise<Finding> {
  const name = 'disk';
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const text = `${(free / GIB).toFixed(1)} GiB free, the store takes up to ${(storeBytes / GIB).toFixed(1)} GiB`;
  if (free >= storeBytes) return { name, state: 'ok', text };
  return { name, state: 'warn', text, advice: 'Free some space, or set BATON_STORE_MB lower.' };
}

async function keys(path: string): Promise<Finding> {
  const name = 'keys';
  const folder = dataFolderAt(path);
  const mode = await stat(folder.keysFile).then(
    (stats) => stats.mode,
    () => null,
  );
  if (mode === null) return { name, state: 'ok', text: 'made at the first start' };
  try {
    const { byId, current } = await folder.readKeys();
    const text = `${byId.size}, ${current} signs`;
    if ((mode & 0o077) === 0) return { name, state: 'ok', text };
    return { name, state: 'warn', text: `${text}; others may read them`, advice: `chmod 600 ${folder.keysFile}` };
  } catch (thrown) {
    return { name, state: 'fail', text: reasonOf(thrown), advice: 'Restore the file from a copy.' };
  }
}

/** Whether the server could listen. */
export async function checkPort({ host, port, dataFolder }: Config): Promise<Finding> {
  const name = 'port';
  const failure = await listens(host, port);
  if (failure === null) return { name, state: 'ok', text: port === 0 ? 'any' : `${port} on ${host} is free` };
  const advice = 'Choose another one with --port or PORT.';
  if (failure !== 'EADDRINUSE') return { name, state: 'fail', text: `${host}:${port}: ${failure}`, advice };
  const server = await dataFolderAt(dataFolder).readServer();
  if (server !== null && new URL(server.origin).port === String(port))
    return { name, state: 'ok', text: `Baton runs at ${server.origin}` };
  return { name, state: 'fail', text: `${port} on ${host} is in use by another program`, advice };
}

function listens(host: string, port: number): Promise<string | null> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => done(null)));
  });
}
