import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { installRuntime } from '../src/local-lambda/runtime/install-runtime.ts';

/**
 * The whole check, as `npm test` runs it: installs what is missing (Debian: a browser, an ffprobe and a player that we did
 * not write, and the runtime client of the functions), then format, types and lint, then the tests. Extra arguments go to vitest.
 */
const NEEDED = [
  { file: '/usr/bin/chromium', package: 'chromium' },
  { file: '/usr/bin/ffprobe', package: 'ffmpeg' },
  { file: '/usr/bin/mpv', package: 'mpv' },
  { file: '/usr/bin/curl', package: 'curl' },
];
/** What compiles the runtime client of the functions. */
const COMPILER = [
  { file: '/usr/bin/cmake', package: 'cmake' },
  { file: '/usr/bin/make', package: 'make' },
  { file: '/usr/bin/c++', package: 'g++' },
];

/** These look at the sources alone: at the same time, and while the rest is installed. */
const CHECKS = [
  ['prettier', '--check', '--log-level', 'warn', '.'],
  ['tsc', '--noEmit', '-p', '.'],
  ['eslint', '.'],
] as const;

const installed = installMissing([...NEEDED, ...COMPILER]);
const hasCompiler = COMPILER.every(({ file }) => existsSync(file));
const runtime = (hasCompiler ? Promise.resolve() : installed).then(() => installRuntime(console.log));
const [checked] = await Promise.all([Promise.all(CHECKS.map(check)), installed, runtime]);
if (checked.includes(false)) process.exit(1);
console.log('> vitest run');
await run('vitest', ['run', ...process.argv.slice(2)]);

/** Whether the check found nothing; what it says is shown when it is over. */
async function check([command, ...args]: (typeof CHECKS)[number]): Promise<boolean> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => said.push(bytes));
  const [status] = (await once(child, 'close')) as [number | null];
  console.log(`> ${command} ${args.join(' ')}${status === 0 ? '' : ' FAILED'}`);
  process.stdout.write(Buffer.concat(said));
  return status === 0;
}

async function installMissing(needed: typeof NEEDED): Promise<void> {
  const missing = needed.filter(({ file }) => !existsSync(file)).map((need) => need.package);
  if (missing.length === 0) return;
  if (!existsSync('/usr/bin/apt-get')) {
    console.error(`The tests need ${missing.join(' and ')}. Install them, then run npm test again.`);
    process.exit(1);
  }
  console.log(`Installing ${missing.join(' and ')} for the tests ...`);
  await run('apt-get', ['update', '-qq']);
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
    DEBIAN_FRONTEND: 'noninteractive',
  });
}

/** Ends this process with the status of the command when it fails. */
async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const [status] = (await once(child, 'close').catch((error: unknown) => {
    console.error(`${command}: ${String(error)}`);
    return [null];
  })) as [number | null];
  if (status !== 0) process.exit(status ?? 1);
}
