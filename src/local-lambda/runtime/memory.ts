import { residentBytes, type ProcessTree } from './process-tree.ts';

export interface MemoryWatch {
  /** The most that all processes of the environment held together at any look, in MB. */
  maxMb(): number;
  /** Looks from now on, until `pause`. */
  resume(): void;
  pause(): void;
}

const INTERVAL_MS = 100;
const MIB = 1024 * 1024;

/** Looks at the memory (resident set) of an environment while it runs; `onExceeded` is called when the limit is passed. */
export function watchMemory(tree: ProcessTree, limitMb: number, onExceeded: () => void): MemoryWatch {
  let maxBytes = 0;
  let timer: NodeJS.Timeout | null = null;
  const look = (): void => {
    const bytes = tree.members().reduce((sum, each) => sum + residentBytes(each.id), 0);
    maxBytes = Math.max(maxBytes, bytes);
    if (bytes > limitMb * MIB) onExceeded();
  };
  return {
    maxMb: () => Math.min(limitMb, Math.ceil(maxBytes / MIB)),
    resume() {
      timer ??= setInterval(look, INTERVAL_MS);
    },
    pause() {
      if (timer === null) return;
      clearInterval(timer);
      timer = null;
      look();
    },
  };
}
