import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { fakeFfmpeg } from '../support/fake-ffmpeg.ts';

/** The packed functions, with a script in place of ffmpeg. */
export interface FakePackage extends AsyncDisposable {
  readonly folder: string;
}

/** `script` as for `fakeFfmpeg`. */
export async function packageWith(script: string): Promise<FakePackage> {
  const fake = await fakeFfmpeg(script);
  const packed = join(inject('distFolder'), 'lambda');
  const folder = await mkdtemp(join(tmpdir(), 'fake-package-'));
  const others = (await readdir(packed)).filter((name) => name !== 'ffmpeg' && name !== 'engine.json');
  for (const name of others) await symlink(join(packed, name), join(folder, name));
  await symlink(fake.path, join(folder, 'ffmpeg'));
  await writeFile(join(folder, 'engine.json'), JSON.stringify({ arch: process.arch, id: 'fake', file: 'ffmpeg' }));
  return {
    folder,
    [Symbol.asyncDispose]: async () => {
      await rm(folder, { recursive: true });
      await fake[Symbol.asyncDispose]();
    },
  };
}
