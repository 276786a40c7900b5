import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const copied = [...dockerfile.matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, names = '']) => names.split(' '));

test('the linter finds nothing wrong with the Dockerfile', async () => {
  const lint = join(ROOT, 'node_modules/dockerfilelint/bin/dockerfilelint');
  const { stdout } = await promisify(execFile)(process.execPath, [lint, '-o', 'json', join(ROOT, 'Dockerfile')]);
  expect(JSON.parse(stdout)).toMatchObject({ totalIssues: 0 });
});

test('what is copied is there, and is let through to the build', () => {
  const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  expect(copied.length).toBeGreaterThan(5);
  for (const name of copied) {
    expect(existsSync(join(ROOT, name)), name).toBe(true);
    expect(ignore).toContain(`!${name}`);
  }
});

test('the server needs nothing that is installed for development alone, nor a file that is not copied', async () => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/cli/run-server.ts', 'src/cli/run-probe.ts', 'src/cli/link.ts', 'src/cli/keys.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    write: false,
    outdir: '/unused',
    metafile: true,
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.length).toBeGreaterThan(50);
  for (const input of inputs) expect(copied).toContain(input.split('/')[0]);
  const packages = Object.values(metafile.inputs)
    .flatMap(({ imports }) => imports.filter(({ external }) => external === true).map(({ path }) => path))
    .filter((path) => !isBuiltin(path))
    .map((path) => path.split('/', path.startsWith('@') ? 2 : 1).join('/'));
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object };
  expect(packages).toContain('undici');
  expect(packages.filter((name) => !Object.keys(manifest.dependencies).includes(name))).toEqual([]);
});

test('it does not run as root, listens on every address, and is asked whether it is well', () => {
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(dockerfile).toMatch(/BATON_HOST=0\.0\.0\.0/);
  expect(dockerfile).toMatch(/^HEALTHCHECK [^]*\/healthz/m);
  expect(dockerfile).toMatch(/^STOPSIGNAL SIGTERM$/m);
});
