import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { installRuntime } from '../../src/local-lambda/runtime/install-runtime.ts';
import { build } from '../../src/package/build.ts';

/** Builds what is deployed, and the runtime client that runs it (35 s, once per machine), for all tests. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const distFolder = await mkdtemp(join(tmpdir(), 'baton-dist-'));
  await installRuntime(console.log);
  await build({ arch: process.arch === 'arm64' ? 'arm64' : 'x64', distFolder });
  provide('distFolder', distFolder);
  return () => rm(distFolder, { recursive: true, force: true });
}
