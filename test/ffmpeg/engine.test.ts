import { readFile, utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { describeFfmpeg, findFfmpeg } from '../../src/ffmpeg/binary.ts';
import { computeEngineId, readEngine } from '../../src/ffmpeg/engine.ts';
import { fakeFfmpeg } from '../support/fake-ffmpeg.ts';
import { FFMPEG, inFolder } from '../support/ffmpeg.ts';

test('the binary of the npm package is found, and another one by its path', async () => {
  expect(findFfmpeg(null)).toBe(FFMPEG);
  await using fake = await fakeFfmpeg('exit 1');
  expect(findFfmpeg(fake.path)).toBe(fake.path);
});

test.each(['/nowhere/ffmpeg', '/etc/passwd'])('%s is no ffmpeg', (path) => {
  expect(() => findFfmpeg(path)).toThrow(expect.objectContaining({ code: 'ENCODER_MISSING' }) as Error);
});

test('the binary tells its version, age and encoders', async () => {
  const { version, year, encoders } = await describeFfmpeg(FFMPEG);
  expect(version).toMatch(/^N-47683/);
  expect(year).toBe(2018);
  expect(encoders).toEqual(expect.arrayContaining(['libmp3lame', 'libopus', 'aac', 'pcm_s16le']));
});

test('the engine id is the same every time, and another one for another binary', async () => {
  await using fake = await fakeFfmpeg('exec "$FFMPEG" "$@"');
  const [one, again, other] = await Promise.all([
    computeEngineId(FFMPEG, process.arch),
    computeEngineId(FFMPEG, process.arch),
    computeEngineId(fake.path, process.arch),
  ]);
  expect(one).toMatch(/^[0-9a-f]{16}$/);
  expect(again).toBe(one);
  expect(other).not.toBe(one);
});

test('the engine is recorded, and computed again when the binary was touched', async () => {
  await using fake = await fakeFfmpeg('exec "$FFMPEG" "$@"');
  await inFolder(async (folder) => {
    const record = `${folder}/sub/engine.json`;
    const engine = await readEngine(fake.path, process.arch, record);
    const starts = await fake.starts();
    expect(starts).toBeGreaterThan(0);
    expect(await readEngine(fake.path, process.arch, record)).toMatchObject(engine);
    expect(await fake.starts()).toBe(starts);
    await utimes(fake.path, 1, 1);
    expect((await readEngine(fake.path, process.arch, record)).id).toBe(engine.id);
    expect(await fake.starts()).toBe(2 * starts);
    await writeFile(record, 'half a rec');
    expect((await readEngine(fake.path, process.arch, record)).id).toBe(engine.id);
    expect(JSON.parse(await readFile(record, 'utf8'))).toMatchObject({ id: engine.id });
  });
});

test.each([
  ['is not there', '/nowhere/ffmpeg'],
  ['cannot be run', '/etc/passwd'],
])('an engine whose binary %s is ENCODER_MISSING', async (_, path) => {
  await expect(readEngine(path, process.arch, '/nowhere/engine.json')).rejects.toMatchObject({
    code: 'ENCODER_MISSING',
  });
});
