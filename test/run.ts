import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * The whole check, as `npm test` runs it: installs what is missing (Debian: a browser and an ffprobe that we did not
 * write), then format, types, lint and tests. Extra arguments go to vitest. Stops at the first step that fails.
 */
const NEEDED = [
  { file: '/usr/bin/chromium', package: 'chromium' },
  { file: '/usr/bin/ffprobe', package: 'ffmpeg' },
];

const STEPS = [
  ['prettier', '--check', '--log-level', 'warn', '.'],
  ['tsc', '--noEmit', '-p', '.'],
  ['eslint', '.'],
  ['vitest', 'run', ...process.argv.slice(2)],
];

installMissing();
for (const [command = '', ...args] of STEPS) {
  console.log(`> ${command} ${args.join(' ')}`);
  run(command, args);
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
