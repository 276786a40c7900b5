import { spawn } from 'node:child_process';
import { once } from 'node:events';

const KEPT_CHARACTERS = 4000;

/**
 * Runs a command to its end. Throws when it cannot be started or fails, with the end of what it said.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<NodeJS.ProcessEnv> } = {},
): Promise<void> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-KEPT_CHARACTERS)));
  }
  const [code, signal] = (await once(child, 'close').catch((cause: unknown) => {
    throw new Error(`${command} could not be started.`, { cause });
  })) as [number | null, string | null];
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal ?? '?'}:\n${said.trim()}`);
}
