import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Watching {
  stop(): void;
}

export interface WatchOptions {
  /** Between two looks at the folder. */
  readonly everyMs?: number;
}

const EVERY_MS = 300;

/**
 * Calls `onChange` once after each rebuild of a folder: when its files are other ones and have stayed so from one look to
 * the next. Looking, rather than the system's notices, also sees a folder that is replaced as a whole, and works on every
 * file system. Folders called node_modules are left out.
 */
export function watchFolder(folder: string, onChange: () => void, { everyMs = EVERY_MS }: WatchOptions = {}): Watching {
  let known: string | null = null;
  let last: string | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;
  const look = async (): Promise<void> => {
    const now = await fingerprint(folder);
    if (isStopped) return;
    if (known === null) known = now;
    else if (now !== known && now === last && now !== '') {
      known = now;
      onChange();
    }
    last = now;
    timer = setTimeout(() => void look(), everyMs);
  };
  void look();
  return {
    stop: () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** Says which files there are and when they were last written; '' while the folder is not there. */
async function fingerprint(folder: string): Promise<string> {
  try {
    const lines: string[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name === 'node_modules') continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) lines.push(await fingerprint(path));
      else {
        const { size, mtimeMs, ino } = await stat(path);
        lines.push(`${path} ${size} ${mtimeMs} ${ino}`);
      }
    }
    return lines.join('\n');
  } catch {
    return ''; // it is being replaced
  }
}
