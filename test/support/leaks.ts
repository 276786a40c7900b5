import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** The ffmpeg processes below process `pid`, at any depth; those that ended but were not awaited count too. Linux only. */
export async function ffmpegProcesses(pid: number = process.pid): Promise<number[]> {
  const all = await processes();
  const below = new Set([pid]);
  // Parents are older than their children, but ids wrap around: look until nothing more is found.
  for (let before = 0; before !== below.size;) {
    before = below.size;
    for (const each of all) if (below.has(each.parent)) below.add(each.id);
  }
  return all
    .filter((each) => each.id !== pid && below.has(each.id) && each.name.startsWith('ffmpeg'))
    .map(({ id }) => id);
}

/** How many descriptors process `pid` has open. Linux only. */
export async function openDescriptors(pid: number = process.pid): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** The entries of `folder` (default: the system's temporary folder) whose names begin with `prefix`. */
export async function tempFiles(prefix = 'baton', folder = tmpdir()): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith(prefix));
}

/** Asks again until `good` is content, at most `withinMs`; gives the last answer either way, for `expect`. */
export async function settled<T>(ask: () => T | Promise<T>, good: (value: T) => boolean, withinMs = 2000): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (good(value) || performance.now() > until) return value;
    await sleep(10);
  }
}

interface Process {
  readonly id: number;
  readonly parent: number;
  readonly name: string;
}

async function processes(): Promise<Process[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(ids.map((id) => readFile(`/proc/${id}/stat`, 'latin1').catch(() => '')));
  // "id (name) state parent …", and the name may hold anything.
  return stats.flatMap((stat) => {
    const [, id, name, parent] = /^(\d+) \((.*)\) \S (\d+)/s.exec(stat) ?? [];
    return name === undefined ? [] : [{ id: Number(id), name, parent: Number(parent) }];
  });
}
