import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchFolder } from '../../src/local-lambda/watch.ts';
import { settled } from '../support/leaks.ts';

it('calls once for a rebuild, also for a folder that is replaced, and never after it was stopped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'watch-'));
  const built = join(folder, 'built');
  await mkdir(built);
  await writeFile(join(built, 'a.mjs'), '1');
  let calls = 0;
  const watching = watchFolder(built, () => calls++, { everyMs: 40 });
  try {
    await sleep(100);
    expect(calls).toBe(0);
    for (const part of ['2', '22', '222', '2222']) {
      await writeFile(join(built, 'a.mjs'), part);
      await sleep(15);
    }
    expect(
      await settled(
        () => calls,
        (count) => count > 0,
      ),
    ).toBe(1);
    await mkdir(join(folder, 'draft/parts'), { recursive: true });
    await writeFile(join(folder, 'draft/parts/b.mjs'), '3');
    await rm(built, { recursive: true });
    await sleep(100);
    await rename(join(folder, 'draft'), built);
    expect(
      await settled(
        () => calls,
        (count) => count > 1,
      ),
    ).toBe(2);
    watching.stop();
    await writeFile(join(built, 'c.mjs'), '4');
    await sleep(150);
    expect(calls).toBe(2);
  } finally {
    watching.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
