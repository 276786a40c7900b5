import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** No id is used again so soon. */
const ID_LASTS_MS = 1000;
/** What was not below a process at the last look, which nothing comes to be later: it need not be read again. */
const strangers = new Map<number, { readonly ids: ReadonlySet<number>; readonly at: number }>();

/** The ffmpeg processes below process `pid`, at any depth; those that ended but were not awaited count too. Linux only. */
export async function ffmpegProcesses(pid: number = process.pid): Promise<number[]> {
  const living = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const last = strangers.get(pid);
  const known = last !== undefined && performance.now() - last.at < ID_LASTS_MS ? last.ids : new Set<number>();
  const all = living.filter((id) => !known.has(id)).flatMap(readProcess);
  const below = new Set([pid]);
  // Parents are older than their children, but ids wrap around: look until nothing more is found.
  for (let before = 0; before !== below.size;) {
    before = below.size;
    for (const each of all) if (below.has(each.parent)) below.add(each.id);
  }
  const others = all.flatMap(({ id }) => (below.has(id) ? [] : [id]));
  strangers.set(pid, { ids: new Set([...living.filter((id) => known.has(id)), ...others]), at: performance.now() });
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

/** Nothing when it is gone. */
function readProcess(id: number): Process[] {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${id}/stat`, 'latin1');
  } catch {
    return [];
  }
  // "id (name) state parent …", and the name may hold anything.
  const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(stat) ?? [];
  return name === undefined ? [] : [{ id, name, parent: Number(parent) }];
}
