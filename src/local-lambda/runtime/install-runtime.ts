import { access, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { provideBuildTools } from './build-tools.ts';
import { runCommand } from './run-command.ts';

/** AWS's own runtime client and the Node that runs it. */
export interface RuntimeBinary {
  readonly node: string;
  /** `index.mjs` of aws-lambda-ric, unmodified. */
  readonly client: string;
}

const PACKAGE = 'aws-lambda-ric';
const VERSION = '4.0.2';
const OLDEST_NODE = 22;
const ABANDONED_MS = 30 * 60_000;

/**
 * The runtime that functions run on, compiled into `$XDG_CACHE_HOME/local-lambda` (else `~/.cache/local-lambda`) when it
 * is not there yet: this takes about a minute, once. Processes that do so at the same time do not disturb each other.
 * Needs npm, cmake and a C++ compiler; root on Debian gets these two installed. `report` is told what takes time.
 * Throws when Node is too old, a tool is missing or the compilation fails, and says what to do; and the reason of
 * `signal` when that aborts, once the compiler has ended and nothing half-built is left.
 */
export async function installRuntime(report: (text: string) => void, signal?: AbortSignal): Promise<RuntimeBinary> {
  signal?.throwIfAborted();
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    throw new Error(`The Lambda runtime needs Node ${OLDEST_NODE} or newer; this is ${process.versions.node}.`);
  }
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'local-lambda');
  const folder = join(cache, `${PACKAGE}-${VERSION}-${process.platform}-${process.arch}`);
  const client = join(folder, 'node_modules', PACKAGE, 'index.mjs');
  if (!(await exists(client))) await build(cache, folder, report, signal);
  return { node: process.execPath, client };
}

/** A build happens in a folder of its own and appears under its name at once, whole. */
async function build(
  cache: string,
  folder: string,
  report: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  await provideBuildTools(report, signal);
  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  const draft = await mkdtemp(join(cache, 'building-'));
  try {
    report(`Compiling ${PACKAGE} ${VERSION}, once; this takes about a minute.`);
    const started = performance.now();
    await npmInstall(draft, signal);
    if (!(await exists(join(draft, 'node_modules', PACKAGE, 'index.mjs')))) {
      throw new Error(`npm installed ${PACKAGE} ${VERSION} without its index.mjs.`);
    }
    await rename(draft, folder).catch(async (error: unknown) => {
      if (!(await exists(join(folder, 'node_modules', PACKAGE, 'index.mjs')))) throw error; // else another was faster
    });
    report(`Compiled ${PACKAGE} in ${Math.round((performance.now() - started) / 1000)} s: ${folder}`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function npmInstall(folder: string, signal: AbortSignal | undefined): Promise<void> {
  // npm runs no install scripts but those that the root package allows.
  const manifest = { private: true, dependencies: { [PACKAGE]: VERSION }, allowScripts: { [PACKAGE]: true } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts=false', '--loglevel=error'];
  await runCommand('npm', args, { cwd: folder, env: { ...process.env, PATH: path }, signal });
}

/** What a killed process left half-built. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith('building-')) continue;
    const path = join(cache, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > ABANDONED_MS) await rm(path, { recursive: true, force: true });
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
