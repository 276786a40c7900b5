import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { installRuntime } from '../../src/local-lambda/runtime/install-runtime.ts';
import { runCommand } from '../../src/local-lambda/runtime/run-command.ts';
import { settled } from '../support/leaks.ts';
import { stateOf } from './process-state.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A command whose child writes its id down and then sleeps longer than any test. */
const SLEEPS = 'sleep 300 & echo $! > child; wait';

const childId = (): Promise<number> =>
  settled(
    () => readFile(join(folder, 'child'), 'utf8').then(Number, () => 0),
    (id) => id > 0,
  );

test.each([
  ['at once', SLEEPS, 0, 900],
  ['after a moment when it does not listen', `trap '' TERM; ${SLEEPS}`, 900, 3_000],
])('a command that is aborted ends %s, with all that it has started', async (_, script, least, most) => {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const running = runCommand('/bin/sh', ['-c', script], { cwd: folder, signal: stop.signal });
  const outcome = running.catch((error: unknown) => error);
  const id = await childId();
  expect(stateOf(id)).not.toBeNull();
  const reason = new Error('enough');
  const aborted = performance.now();
  stop.abort(reason);
  expect(await outcome).toBe(reason);
  const took = performance.now() - aborted;
  expect(took).toBeGreaterThan(least);
  expect(took).toBeLessThan(most);
  expect(
    await settled(
      () => stateOf(id),
      (state) => state === null,
    ),
  ).toBeNull();
});

test('a command whose time has passed is not even started', async () => {
  const signal = AbortSignal.abort(new Error('too late'));
  await expect(runCommand('/bin/sh', ['-c', 'echo > started'], { cwd: folder, signal })).rejects.toThrow('too late');
  expect(await readdir(folder)).toEqual([]);
});

test('a command that fails says what it said, and one that is not there that it is not', async () => {
  await expect(runCommand('/bin/sh', ['-c', 'echo why >&2; exit 3'])).rejects.toThrow(/ended with 3:\nwhy$/);
  await expect(runCommand('/nowhere/to/be/found', [])).rejects.toThrow('/nowhere/to/be/found could not be started.');
});

test('a compilation of the runtime that is aborted leaves nothing half-built', async () => {
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/npm'), `#!/bin/sh\ncd '${folder}'\n${SLEEPS}\n`); // where Node brings none of its own
  await chmod(join(folder, 'bin/npm'), 0o755);
  vi.stubEnv('XDG_CACHE_HOME', folder);
  vi.stubEnv('PATH', [join(folder, 'bin'), process.env['PATH']].join(delimiter));
  try {
    const stop = new AbortController();
    const cache = join(folder, 'local-lambda');
    const outcome = installRuntime(() => undefined, stop.signal).catch((error: unknown) => error);
    const drafts = (): Promise<string[]> => readdir(cache).catch(() => []);
    expect(await settled(drafts, (names) => names.length > 0, 10_000)).toHaveLength(1);
    const id = await childId();
    const reason = new Error('stopped by SIGTERM');
    stop.abort(reason);
    expect(await outcome).toBe(reason);
    expect(await drafts()).toEqual([]);
    expect(stateOf(id)).toBeNull();
  } finally {
    vi.unstubAllEnvs();
  }
});
