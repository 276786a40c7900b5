import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build, type Built } from '../../src/package/build.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SLS = join(ROOT, 'node_modules/osls/bin/serverless.js');
// A network namespace of its own has no network; where the kernel allows none, at least there are no credentials.
const NO_NETWORK = spawnSync('unshare', ['-rn', 'true']).status === 0 ? ['unshare', '-rn'] : [];

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a template is as deep as its service wants it
  readonly Properties: any;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
}

/** A folder with what `sls package` reads: the template and what was built. Removed with `dispose`. */
export interface Service extends AsyncDisposable {
  readonly folder: string;
  readonly built: Built;
}

/** Builds for this machine, into a folder of its own. */
export async function builtService(): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-package-'));
  await copyFile(join(ROOT, 'serverless.yml'), join(folder, 'serverless.yml'));
  const built = await build({ arch: process.arch as 'x64', distFolder: join(folder, 'dist') });
  return { folder, built, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** A service as if `npm run build -- --arch arm64` had made it, without its ffmpeg: for the template alone. */
export async function arm64Service({ folder: from }: Service): Promise<Omit<Service, 'built'>> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-package-'));
  for (const file of ['serverless.yml', 'dist/edge/viewer-request.json']) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await copyFile(join(from, file), join(folder, file));
  }
  await mkdir(join(folder, 'dist/lambda'), { recursive: true });
  await writeFile(join(folder, 'dist/lambda/engine.json'), '{"arch":"arm64"}');
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs `sls package` without network, credentials or environment; rejects with what it said. */
export async function slsPackage(folder: string, params: Readonly<Record<string, string>> = {}): Promise<Template> {
  const flags = Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, SLS_NOTIFICATIONS_MODE: 'off' };
  const [command = '', ...args] = [...NO_NETWORK, process.execPath, SLS, 'package', ...flags];
  await promisify(execFile)(command, args, { cwd: folder, env }).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout}\n${stderr}`);
  });
  const template = await readFile(join(folder, '.serverless/cloudformation-template-update-stack.json'), 'utf8');
  return JSON.parse(template) as Template;
}
