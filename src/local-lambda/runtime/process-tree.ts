import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

/** One process, as /proc has it. */
export interface Process {
  readonly id: number;
  readonly parent: number;
  readonly session: number;
  /** With the id it names a process for good: ids are used again. */
  readonly startTicks: number;
}

/** The processes of one environment, found again and again. */
export interface ProcessTree {
  /** All that live now: the root, what descends from it, and what once was seen to, though its parent has died since. */
  members(): Process[];
}

/** No id is used again so soon. */
const ID_LASTS_MS = 1000;

/**
 * The tree below `root`, which leads a session of its own. A child may lead a session too (`detached`): it is found by
 * its parent, and afterwards remembered. Where there is no /proc nothing is found.
 */
export function processTree(root: number): ProcessTree {
  let known = new Map<number, number>();
  /** What a look has found to be no member, which no process becomes later: it need not be read again. */
  let strangers = new Set<number>();
  let lookedAt = -Infinity;
  return {
    members() {
      const now = performance.now();
      if (now - lookedAt > ID_LASTS_MS) strangers = new Set();
      lookedAt = now;
      const living = processIds();
      const all = living.filter((id) => !strangers.has(id)).flatMap(readProcess);
      const ids = new Set([root]);
      const isMember = (each: Process): boolean =>
        ids.has(each.id) || ids.has(each.parent) || ids.has(each.session) || known.get(each.id) === each.startTicks;
      // Parents mostly come before their children, but ids wrap around: look until nothing more is found.
      for (let before = -1; before !== ids.size;) {
        before = ids.size;
        for (const each of all) if (isMember(each)) ids.add(each.id);
      }
      const found = all.filter((each) => ids.has(each.id));
      const others = all.flatMap(({ id }) => (ids.has(id) ? [] : [id]));
      strangers = new Set([...living.filter((id) => strangers.has(id)), ...others]);
      known = new Map(found.map((each) => [each.id, each.startTicks]));
      return found;
    },
  };
}

/** What process `id` holds in memory; 0 when it has just ended. */
export function residentBytes(id: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readText(`/proc/${id}/status`))?.[1] ?? 0) * 1024;
}

/** Nothing when it has just ended. */
function readProcess(id: number): Process[] {
  const stat = readText(`/proc/${id}/stat`);
  // "id (name) state parent group session ...", and the name may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, , session] = fields;
  if (state === undefined || parent === undefined || state === 'Z') return [];
  return [{ id, parent: Number(parent), session: Number(session), startTicks: Number(fields[19]) }];
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** More than any of the texts has; `readFileSync` takes 64 kB for each, for /proc does not tell how long they are. */
const room = Buffer.alloc(16_384);

/** Empty for a process that has just ended. */
function readText(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      return room.toString('latin1', 0, readSync(file, room));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
