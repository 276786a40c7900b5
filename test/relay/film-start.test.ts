import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { ffmpeg, inFolder } from '../support/ffmpeg.ts';
import { film, seenFrames } from '../support/film.ts';
import { fetchFilmHls, frameTimes, type FilmHls } from '../support/film-hls.ts';
import { hlsFilm } from '../support/hls-film.ts';
import { startHlsOrigin, type HlsOrigin } from '../support/hls-origin.ts';
import { bytesAt, hlsLink } from '../support/hls.ts';

let origin: HlsOrigin;
let baton: TestBaton;

beforeAll(async () => {
  origin = await startHlsOrigin();
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin[Symbol.asyncDispose]();
});

const FRAME = 0.04;
const SECONDS = 8;

/** A film whose pictures are all shown so much later than its sound wants it. */
async function late(seconds: number, output: readonly string[] = []): Promise<Uint8Array> {
  const source = await film({ seconds: SECONDS });
  return await inFolder(async (folder) => {
    await writeFile(`${folder}/in.mp4`, source);
    const inputs = ['-itsoffset', `${seconds}`, '-i', `${folder}/in.mp4`, '-i', `${folder}/in.mp4`];
    await ffmpeg([...inputs, '-map', '0:v', '-map', '1:a', '-c', 'copy', ...output, `${folder}/out.mp4`]);
    return await readFile(`${folder}/out.mp4`);
  });
}

interface Row {
  readonly files: () => Promise<Readonly<Record<string, Uint8Array>>>;
  readonly path: string;
  readonly seconds: number;
}

const movie = (name: string, seconds: number, output?: readonly string[]): Row => ({
  ...{ path: `/${name}.mp4`, seconds },
  files: async () => ({ [`/${name}.mp4`]: await late(seconds, output) }),
});
/** Sound in AAC begins before it is heard, which HLS does not say: all of it is heard. */
const PRIMING = 1024 / 48_000;

test.each<[string, Row]>([
  ['a movie', movie('movie', 0.1)],
  ['a movie in fragments', movie('fragments', 0.5, ['-movflags', 'frag_keyframe+delay_moov'])],
  ['HLS', { path: '/main.m3u8', files: () => hlsFilm({ kind: 'ts', film: { seconds: SECONDS } }), seconds: PRIMING }],
])('the first picture of %s stands from the beginning on until the second one is due', async (_, row) => {
  for (const [file, bytes] of Object.entries(await row.files())) origin.places.set(file, bytes);
  const link = hlsLink(baton, origin.url(row.path));
  const made = await fetchFilmHls(link);
  const times = await frameTimes(made.pictures);
  expect(times[0]).toBe(0);
  const due = Array.from({ length: SECONDS / FRAME - 1 }, (_, index) => row.seconds + (index + 1) * FRAME);
  for (const [index, time] of due.entries()) expect(Math.abs((times[index + 1] ?? NaN) - time)).toBeLessThan(0.002);
  expect(await seenFrames(made.pictures)).toEqual(await seenFrames(await film({ seconds: SECONDS })));
  expect(await isPassedOn(made)).toBe(true);
});

test('pictures that begin long after the sound are coded anew, the first one from the beginning on', async () => {
  origin.places.set('/long.mp4', await late(4));
  const link = hlsLink(baton, origin.url('/long.mp4'));
  const made = await fetchFilmHls(link);
  const numbers = (await seenFrames(made.pictures)).map(({ number }) => number);
  expect(numbers).toEqual(Array.from({ length: (SECONDS + 4) / FRAME }, (_, at) => Math.max(0, at - 4 / FRAME)));
  expect(await isPassedOn(made)).toBe(false);
});

/** What is coded is kept, and comes from the store the next time. */
async function isPassedOn({ video }: FilmHls): Promise<boolean> {
  const before = baton.usage.length;
  await bytesAt(video.segments[0]?.url ?? '');
  return baton.usage.slice(before).every(({ chunksStored }) => chunksStored === 0);
}
