import { readFileSync } from 'node:fs';

/** The letter that /proc has for the state of a process, or null when it has ended. */
export function stateOf(pid: number): string | null {
  try {
    const state = /^\d+ \(.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? null;
    return state === 'Z' ? null : state;
  } catch {
    return null;
  }
}
