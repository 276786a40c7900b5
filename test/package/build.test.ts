import { execFile } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { build } from '../../src/package/build.ts';
import { engineRecord } from '../../src/package/engine-record.ts';
import { FFMPEG, inFolder } from '../support/ffmpeg.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const arch = process.arch as 'x64' | 'arm64';
const other = arch === 'x64' ? 'arm64' : 'x64';

/** This machine's ffmpeg with the other machine's number in its header: enough for everything but running it. */
async function foreignFfmpeg(folder: string): Promise<string> {
  const bytes = await readFile(FFMPEG);
  bytes.writeUInt16LE(arch === 'x64' ? 0xb7 : 0x3e, 18);
  await writeFile(join(folder, 'foreign'), bytes);
  return join(folder, 'foreign');
}

test('a build for another processor packs its ffmpeg, whose id stands without a test encode', async () => {
  await inFolder(async (folder) => {
    const ffmpegPath = await foreignFfmpeg(folder);
    const { engine } = await build({ arch: other, distFolder: folder, ffmpegPath });
    expect(engine).toMatchObject({
      arch: other,
      canary: false,
      file: 'ffmpeg',
      version: expect.stringMatching(/^N-/) as string,
    });
    expect(engine.id).toMatch(/^[0-9a-f]{16}$/);
    expect((await engineRecord(ffmpegPath, 'ffmpeg', other)).id).toBe(engine.id);
    expect((await engineRecord(FFMPEG, 'ffmpeg', arch)).id).not.toBe(engine.id);
    expect(JSON.parse(await readFile(join(folder, 'lambda/engine.json'), 'utf8'))).toEqual(engine);
  });
});

test('a build replaces the last one as a whole, and a failed one leaves it alone', async () => {
  await inFolder(async (folder) => {
    const first = await build({ arch, distFolder: folder });
    await writeFile(join(first.folder, 'left-over'), '');
    const before = await stat(first.folder);
    await expect(build({ arch, distFolder: folder, ffmpegPath: '/etc/passwd' })).rejects.toMatchObject({
      code: 'ENCODER_MISSING',
    });
    expect((await stat(first.folder)).ino).toBe(before.ino);
    await build({ arch, distFolder: folder });
    expect(await readdir(first.folder)).not.toContain('left-over');
    expect((await readdir(folder)).sort()).toEqual(['edge', 'lambda']);
  });
});

test.each([
  [['--help'], 0, /Usage: npm run build/],
  [['--arch', 'mips'], 2, /--arch must be arm64 or x64, not mips/],
  [['--bogus'], 2, /--bogus/],
  [['--ffmpeg', '/nowhere/ffmpeg'], 1, /\/nowhere\/ffmpeg is not there/],
])('npm run build -- %j exits with %d', async (args, code, said) => {
  const script = join(ROOT, 'src/package/run-build.ts');
  const result = await promisify(execFile)(process.execPath, [script, ...args]).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (error: unknown) => ({ code: (error as { code: number }).code, text: (error as { stderr: string }).stderr }),
  );
  expect(result.code).toBe(code);
  expect(result.text).toMatch(said);
});

test('npm run fetch-ffmpeg has a help', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(ROOT, 'src/package/run-fetch-ffmpeg.ts'),
    '--help',
  ]);
  expect(stdout).toMatch(/Usage: npm run fetch-ffmpeg/);
});
