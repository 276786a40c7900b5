import { access } from 'node:fs/promises';
import { runCommand } from './run-command.ts';

/** A command, and the Debian package that brings it. */
const TOOLS = [
  { command: 'cmake', package: 'cmake' },
  { command: 'make', package: 'make' },
  { command: 'c++', package: 'g++' },
] as const;

/**
 * Makes sure that native code can be compiled. Root on a Debian or Ubuntu gets what is missing from apt-get; everybody
 * else an Error that names it. Throws the reason of `signal` when that aborts.
 */
export async function provideBuildTools(
  report: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const missing = await missingTools(signal);
  signal?.throwIfAborted();
  if (missing.length === 0) return;
  const packages = missing.map((tool) => tool.package);
  if (process.getuid?.() !== 0 || !(await isDebian())) {
    throw new Error(
      `The Lambda runtime is compiled once and needs ${missing.map((tool) => tool.command).join(', ')}. ` +
        `Please install: ${packages.join(' ')} (Debian, Ubuntu: sudo apt-get install ${packages.join(' ')}).`,
    );
  }
  report(`Installing ${packages.join(', ')} with apt-get.`);
  await runCommand('apt-get', ['update', '-qq'], { signal }).catch(() => undefined); // the lists that are there may do
  await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { signal });
}

async function missingTools(signal: AbortSignal | undefined): Promise<(typeof TOOLS)[number][]> {
  const found = await Promise.all(TOOLS.map((tool) => works(tool.command, signal)));
  return TOOLS.filter((_, index) => found[index] !== true);
}

const works = (command: string, signal: AbortSignal | undefined): Promise<boolean> =>
  runCommand(command, ['--version'], { signal }).then(
    () => true,
    () => false,
  );

const isDebian = (): Promise<boolean> =>
  access('/etc/debian_version').then(
    () => true,
    () => false,
  );
