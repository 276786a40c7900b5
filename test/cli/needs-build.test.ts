import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { needsBuild } from '../../src/cli/needs-build.ts';

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const SOURCES = ['src/media/frame.ts', 'handlers/file.ts', 'player/demo/page.ts', 'package.json'];

let root: string;

/** A package with a few sources, and the real build of it (but for ffmpeg) that was made afterwards. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'needs-build-'));
  for (const name of SOURCES) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), '');
  }
  await age(60);
  const filter = (path: string): boolean => !path.endsWith('/ffmpeg');
  await cp(inject('distFolder'), join(root, 'dist'), { recursive: true, filter });
  await writeFile(join(root, 'dist/lambda/ffmpeg'), '');
});
afterEach(() => rm(root, { recursive: true }));

/** Gives all files and folders of the sources a time that lies `seconds` before now. */
async function age(seconds: number): Promise<void> {
  const names = await readdir(root, { recursive: true });
  for (const name of names.filter((each) => !each.startsWith('dist'))) await touch(name, -seconds);
}

async function touch(name: string, seconds: number): Promise<void> {
  const time = Date.now() / 1000 + seconds;
  await utimes(join(root, name), time, time);
}

test('a whole build that is younger than its sources is left alone, but not for another processor', async () => {
  expect(await needsBuild(root, arch)).toBe(false);
  expect(await needsBuild(root, arch === 'x64' ? 'arm64' : 'x64')).toBe(true);
});

test.each(SOURCES)('a change in %s asks for a build', async (name) => {
  await touch(name, 60);
  expect(await needsBuild(root, arch)).toBe(true);
  await touch(name, -60);
  expect(await needsBuild(root, arch)).toBe(false);
});

test('a source that was removed asks for a build', async () => {
  await writeFile(join(root, 'src/media/old.ts'), '');
  await age(60);
  expect(await needsBuild(root, arch)).toBe(false);
  await rm(join(root, 'src/media/old.ts'));
  expect(await needsBuild(root, arch)).toBe(true);
});

test('a build of which a file is missing that the functions or CloudFront need asks for another one', async () => {
  const dist = join(root, 'dist');
  const files = (await readdir(dist, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const code = await Promise.all(files.filter((file) => file.endsWith('.mjs')).map((file) => readFile(file, 'utf8')));
  const isNeeded = (file: string): boolean =>
    file.includes('/parts/') ? code.some((text) => text.includes(`/${basename(file)}"`)) : !file.endsWith('request.js');
  const needed = files.filter(isNeeded);
  expect(needed.length).toBeGreaterThan(10);
  for (const file of needed) {
    await rename(file, join(root, 'kept'));
    expect(await needsBuild(root, arch), `without ${file}`).toBe(true);
    await rename(join(root, 'kept'), file);
  }
  expect(await needsBuild(root, arch)).toBe(false);
  await rm(dist, { recursive: true });
  expect(await needsBuild(root, arch)).toBe(true);
});
