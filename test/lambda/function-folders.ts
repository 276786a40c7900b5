import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The runtime processes of the functions that this process runs. Linux only. */
export const functionProcesses = async (): Promise<number[]> => [...(await functionFolders()).keys()];

/** What lies in the temporary folders of those functions. */
export async function temporaryEntries(): Promise<string[]> {
  const folders = new Set((await functionFolders()).values());
  if (folders.size === 0) throw new Error('no function runs');
  const lists = await Promise.all(
    [...folders].map(async (folder) => (await names(folder)).map((n) => join(folder, n))),
  );
  return lists.flat();
}

/** The files that writers of a folder store have not finished. */
export async function unfinishedWrites(store: string): Promise<string[]> {
  const writers = await names(join(store, '.tmp'));
  const lists = await Promise.all(writers.map((writer) => names(join(store, '.tmp', writer))));
  return lists.flat();
}

const names = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/** By process id. */
async function functionFolders(): Promise<Map<number, string>> {
  const folders = new Map<number, string>();
  for (const pid of await childrenOf(process.pid)) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const folder = /(?:^|\0)TMPDIR=([^\0]*\/local-lambda-[^\0]*)/.exec(environment)?.[1];
    if (folder !== undefined) folders.set(pid, folder);
  }
  return folders;
}

async function childrenOf(pid: number): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(ids.map((id) => readFile(`/proc/${id}/stat`, 'latin1').catch(() => '')));
  return stats.flatMap((stat) => {
    const [, id, parent] = /^(\d+) \(.*\) \S (\d+)/s.exec(stat) ?? [];
    return Number(parent) === pid ? [Number(id)] : [];
  });
}
