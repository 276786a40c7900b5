import { readdirSync, readFileSync } from 'node:fs';

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

/**
 * The tree below `root`, which leads a session of its own. A child may lead a session too (`detached`): it is found by
 * its parent, and afterwards remembered. Where there is no /proc nothing is found.
 */
export function processTree(root: number): ProcessTree {
  let known = new Map<number, number>();
  return {
    members() {
      const all = processes();
      const ids = new Set([root]);
      const isMember = (each: Process): boolean =>
        ids.has(each.id) || ids.has(each.parent) || ids.has(each.session) || known.get(each.id) === each.startTicks;
      // Parents mostly come before their children, but ids wrap around: look until nothing more is found.
      for (let before = -1; before !== ids.size;) {
        before = ids.size;
        for (const each of all) if (isMember(each)) ids.add(each.id);
      }
      const found = all.filter((each) => ids.has(each.id));
      known = new Map(found.map((each) => [each.id, each.startTicks]));
      return found;
    },
  };
}

/** What process `id` holds in memory; 0 when it has just ended. */
export function residentBytes(id: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readText(`/proc/${id}/status`))?.[1] ?? 0) * 1024;
}

function processes(): Process[] {
  return processIds().flatMap((id) => {
    const stat = readText(`/proc/${id}/stat`);
    // "id (name) state parent group session ...", and the name may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent, , session] = fields;
    if (state === undefined || parent === undefined || state === 'Z') return [];
    return [{ id, parent: Number(parent), session: Number(session), startTicks: Number(fields[19]) }];
  });
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** Empty for a process that has just ended. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
