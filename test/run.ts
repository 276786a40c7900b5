import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';

/**
 * The whole check, as `npm test` runs it: installs what is missing (Debian: a browser, an ffprobe and a player that we did
 * not write), then format, types and lint, then the tests. Extra arguments go to vitest.
 */
const NEEDED = [
  { file: '/usr/bin/chromium', package: 'chromium' },
  { file: '/usr/bin/ffprobe', package: 'ffmpeg' },
  { file: '/usr/bin/mpv', package: 'mpv' },
  { file: '/usr/bin/curl', package: 'curl' },
];

/** These look at the sources alone, at the same time. */
const CHECKS = [
  ['prettier', '--check', '--log-level', 'warn', '.'],
  ['tsc', '--noEmit', '-p', '.'],
  ['eslint', '.'],
] as const;

installMissing();
const checked = await Promise.all(CHECKS.map(check));
if (checked.includes(false)) process.exit(1);
console.log('> vitest run');
run('vitest', ['run', ...process.argv.slice(2)]);

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

function installMissing(): void {
  const missing = NEEDED.filter(({ file }) => !existsSync(file)).map((need) => need.package);
  if (missing.length === 0) return;
  if (!existsSync('/usr/bin/apt-get')) {
    console.error(`The tests need ${missing.join(' and ')}. Install them, then run npm test again.`);
    process.exit(1);
  }
  console.log(`Installing ${missing.join(' and ')} for the tests ...`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
    DEBIAN_FRONTEND: 'noninteractive',
  });
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}
