import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startOrigin, type Origin } from '../support/origin.ts';
import { settled } from '../support/leaks.ts';
import { source } from '../support/sources.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SOURCES = ['bin', 'src', 'handlers', 'player', 'package.json', 'tsconfig.json', 'serverless.yml'];

let folder: string;
let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin((await source('cbr.mp3')).bytes);
  folder = await mkdtemp(join(tmpdir(), 'baton-checkout-'));
  for (const name of SOURCES)
    await cp(join(ROOT, name), join(folder, name), { recursive: true, preserveTimestamps: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await cp(inject('distFolder'), join(folder, 'dist'), { recursive: true });
  await mkdir(join(folder, 'temporary'));
});
afterAll(async () => {
  await origin.close();
  await rm(folder, { recursive: true, force: true });
});

/** A checkout of its own, since a rebuild would disturb what somebody wants to deploy. */
function launch(args: readonly string[]) {
  const { PATH, HOME, XDG_CACHE_HOME } = process.env;
  const env = { PATH, HOME, XDG_CACHE_HOME, TMPDIR: join(folder, 'temporary') };
  const options = { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
  const child = spawn(process.execPath, ['bin/baton', 'lambda', '--data', 'data', ...args], options);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (said.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (said.stderr += bytes.toString()));
  return { child, said };
}

/** What stands below `child`, at any depth. */
async function below(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text.trim().split(/\s+/).filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(below))).flat()];
}

/** Those that still run; what only waits to be buried does not. */
async function running(pids: readonly number[]): Promise<number[]> {
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')));
  return pids.filter((_pid, n) => /\) [^ZX] /.test(stats[n] ?? ''));
}

async function interrupted(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'close') as Promise<[number | null]>;
  child.kill('SIGINT');
  return (await ended)[0];
}

test('baton lambda prints where everything is, plays, takes up a rebuild, and ends with nothing left', async () => {
  const { child, said } = launch(['--port', '0', '--watch', '--source', origin.url()]);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => void child.kill('SIGKILL'));
  await settled(
    () => said.stderr.includes('Stop:') || child.exitCode !== null,
    (is) => is,
    60_000,
  );
  const find = (pattern: RegExp): string => pattern.exec(said.stderr)?.[1] ?? `nothing in ${said.stderr}`;
  const front = find(/CloudFront +(http:\/\/127\.0\.0\.1:\d+)$/m);
  const link = find(/Play: +(http:\S+)$/m);
  const page = find(/Page: +(http:\S+)$/m);
  expect([link, page].map((url) => new URL(url).origin)).toEqual([front, front]);
  expect(said.stderr).toMatch(/^ +Invoke +http:\/\/127\.0\.0\.1:\d+ .*InvokeWithResponseStream/m);
  const modes = {
    ...{ file: 'RESPONSE_STREAM', ranges: 'BUFFERED', raw: 'RESPONSE_STREAM', 'raw-ranges': 'BUFFERED' },
    ...{ feed: 'RESPONSE_STREAM', embed: 'RESPONSE_STREAM', player: 'BUFFERED' },
  };
  for (const [name, mode] of Object.entries(modes))
    expect(said.stderr).toMatch(new RegExp(`^ +${name} +http://127\\.0\\.0\\.1:\\d+/ +${mode}, for signed`, 'm'));
  expect(said.stderr).not.toMatch(/^ +keys |left out|^\s+at /m);

  const whole = await fetch(link);
  expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'audio/mpeg']);
  const bytes = Buffer.from(await whole.arrayBuffer());
  expect(bytes.length).toBeGreaterThan(200_000);
  const part = await fetch(link, { headers: { range: 'bytes=5000-5999' } });
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(5000, 6000))).toBe(true);
  const html = await (await fetch(page)).text();
  expect(html).toContain('<baton-player ');
  await settled(
    () => said.stdout.match(/took/g)?.length,
    (count) => (count ?? 0) >= 2,
  );
  expect(said.stdout).toMatch(/^file +[0-9a-f]{8} +took .* billed .*streamed \d+/m);

  await rebuilt();
  expect(
    await settled(
      () => said.stderr,
      (text) => text.includes('Rebuilt:'),
      10_000,
    ),
  ).toContain('Rebuilt:');
  const again = await fetch(link, { headers: { range: 'bytes=5000-5999' } });
  expect([again.status, again.headers.get('x-edition')]).toEqual([206, 'second']);
  expect(Buffer.from(await again.arrayBuffer()).equals(bytes.subarray(5000, 6000))).toBe(true);

  const children = await below(child.pid ?? 0);
  expect(await running(children)).not.toEqual([]);
  expect(await interrupted(child)).toBe(0);
  expect(said.stderr).toMatch(/Stopping\.\n$/);
  expect(
    await settled(
      () => running(children),
      ({ length }) => length === 0,
    ),
  ).toEqual([]);
  await expect(fetch(link)).rejects.toThrow();
  expect(await readdir(join(folder, 'temporary'))).toEqual([]);
}, 120_000);

/** Changes a source and builds, as somebody does who works on Baton. */
async function rebuilt(): Promise<void> {
  const file = join(folder, 'src/relay/file-headers.ts');
  const text = await readFile(file, 'utf8');
  const changed = text.replace("'accept-ranges': 'bytes',", "'accept-ranges': 'bytes', 'x-edition': 'second',");
  expect(changed).not.toBe(text);
  await writeFile(file, changed);
  await promisify(execFile)(process.execPath, ['src/package/run-build.ts'], { cwd: folder });
}

test('an interrupt while it starts ends it, too', async () => {
  const { child, said } = launch(['--port', '0', '--source', origin.url()]);
  await settled(
    async () => (await below(child.pid ?? 0)).length > 0 || child.exitCode !== null,
    (is) => is,
    20_000,
  );
  const children = await below(child.pid ?? 0);
  expect(await interrupted(child)).toBe(0);
  expect(said.stderr).not.toMatch(/^\s+at /m);
  expect(
    await settled(
      () => running(children),
      ({ length }) => length === 0,
    ),
  ).toEqual([]);
}, 60_000);

test.each([
  [['--yml', '/nowhere/serverless.yml'], /nowhere/],
  [['--port', 'x'], /port/i],
  [['--source', 'no address', '--port', '0'], /no address/],
])(
  '%j is refused in a sentence',
  async (args, sentence) => {
    const { child, said } = launch(args);
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBeGreaterThan(0);
    expect(said.stderr).toMatch(sentence);
    expect(said.stderr).not.toMatch(/^\s+at /m);
  },
  60_000,
);
