import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Engine } from '../../src/ffmpeg/engine.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { offeredVideo, type OfferedVideo } from '../../src/video/offered.ts';
import { testEngine } from '../support/baton.ts';
import { inFolder } from '../support/ffmpeg.ts';
import { film } from '../support/film.ts';
import { openFilm, segmentOf } from '../support/film-file.ts';

const LONG_GOP = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '1000', '-bf', '3', '-crf', '24'];

test('a segment is the same bytes by itself as behind the others', async () => {
  const [one, other] = [await coded(await testEngine()), await coded(await testEngine())];
  const inOrder = [await segmentOf(one, 0), await segmentOf(one, 1), await segmentOf(one, 2)];
  for (const index of [2, 0, 1])
    expect((await segmentOf(other, index)).equals(inOrder[index] ?? Buffer.of())).toBe(true);
});

test.skipIf(process.arch !== 'x64')('a segment is the same bytes from a processor that can do less', async () => {
  const engine = await testEngine();
  const ours = await segmentOf(await coded(engine), 0);
  await inFolder(async (folder) => {
    const path = join(folder, 'ffmpeg');
    const lesser = 'sliced-threads=0:asm=mmx2,sse2';
    await writeFile(path, `#!/bin/bash\nexec '${engine.path}' "\${@/sliced-threads=0/${lesser}}"\n`);
    await chmod(path, 0o755);
    const theirs = await segmentOf(await coded({ ...engine, path }), 0);
    expect(theirs.equals(ours)).toBe(true);
  });
});

async function coded(engine: Engine): Promise<OfferedVideo> {
  const opened = await openFilm(await film({ video: LONG_GOP }));
  const video = offeredVideo(opened, 'version', { engine, store: memoryStore({ maxBytes: 1e6 }) }).at(-1);
  if (video === undefined) throw new Error('nothing is offered');
  return video;
}
