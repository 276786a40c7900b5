import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { atExit } from './at-exit.ts';

interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  /** Ends the command and all that it has started. */
  readonly signal?: AbortSignal | undefined;
}

const KEPT_CHARACTERS = 4000;
/** From SIGTERM to SIGKILL. */
const GRACE_MS = 1_000;

/**
 * Runs a command to its end. Throws when it cannot be started or fails, with the end of what it said, and when it was
 * aborted: the reason, once none of its processes is left.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  { signal, ...options }: CommandOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  // Leading a group of its own: a compiler is the child of a child.
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const send = (name: NodeJS.Signals): void => signalGroup(child.pid, name);
  const forget = atExit(() => send('SIGKILL'));
  let killing: NodeJS.Timeout | undefined;
  const end = (): void => {
    send('SIGTERM');
    killing = setTimeout(() => send('SIGKILL'), GRACE_MS);
  };
  signal?.addEventListener('abort', end, { once: true });
  let said = '';
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-KEPT_CHARACTERS)));
  }
  try {
    const [code, ending] = (await once(child, 'close').catch((cause: unknown) => {
      throw new Error(`${command} could not be started.`, { cause });
    })) as [number | null, string | null];
    signal?.throwIfAborted();
    if (code !== 0)
      throw new Error(`${command} ${args.join(' ')} ended with ${code ?? ending ?? '?'}:\n${said.trim()}`);
  } finally {
    signal?.removeEventListener('abort', end);
    clearTimeout(killing);
    if (signal?.aborted === true) send('SIGKILL'); // what has closed its output may still run
    forget();
  }
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // All of it has ended.
  }
}
