import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { film, type FilmRecipe } from '../support/film.ts';
import { bytesAt, hlsLink, readMedia, readMultivariant } from '../support/hls.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { startOtherBaton, type OtherBaton } from '../support/other-baton.ts';
import { randomNumbers } from '../support/signal.ts';

const LONG_GOP = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '1000', '-bf', '3', '-crf', '24'];
const REALTIME = ['-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k', '-g', '60'];
const FILMS: Readonly<Record<string, FilmRecipe>> = {
  '/passed-on.mp4': { width: 428, height: 240 },
  '/coded.mp4': { video: LONG_GOP },
  '/coded.webm': { extension: 'webm', video: ['-c:v', 'libvpx-vp9', ...REALTIME], audio: ['-c:a', 'libopus'] },
};
const PATHS = Object.keys(FILMS);

let origin: Origin;
let baton: TestBaton;
let lambda: LambdaBaton;
let other: OtherBaton;

beforeAll(async () => {
  const files = new Map<string, Uint8Array>();
  for (const [path, recipe] of Object.entries(FILMS)) files.set(path, await film(recipe));
  origin = await startOrigin(({ url }) => files.get(url) ?? new Uint8Array());
  const allowOrigins = [origin.origin];
  baton = await startBaton({ allowOrigins });
  lambda = await startOnLambda({ allowOrigins }, baton.keys, 'cloudfront');
  const links = PATHS.map((path) => [origin.url(path), '', { kind: 'hls', name: 'index.m3u8' }] as const);
  other = await startOtherBaton({ allowOrigins, links });
});
afterAll(async () => {
  await other[Symbol.asyncDispose]();
  await lambda.stop();
  await baton.stop();
  await origin.close();
});

test.each(PATHS)(
  'every part of %s made alone, in random order, by another process and on functions, is the same to the byte',
  async (path) => {
    const base = hlsLink(baton, origin.url(path));
    const parts = await inOrder(base);
    expect(parts.size).toBeGreaterThanOrEqual(4);

    const random = randomNumbers(5);
    const order = [...parts.keys()].map((name) => ({ name, at: random() })).sort((a, b) => a.at - b.at);
    const places = [other.links[PATHS.indexOf(path)] ?? '', hlsLink(lambda, origin.url(path))];
    for (const { name } of order)
      for (const place of places) {
        const answer = await get(`${place}/${name}`);
        const whole = parts.get(name) ?? Buffer.of();
        expect([name, answer.status, answer.bytes.equals(whole)]).toEqual([name, 200, true]);
      }
  },
);

test('a range of a segment of pictures on functions is the same range here', async () => {
  const link = hlsLink(baton, origin.url('/coded.mp4'));
  const { segments } = await readMedia(`${link}/v180.m3u8`);
  const url = segments[1]?.url ?? '';
  const whole = await bytesAt(url);
  const part = await get(url.replace(baton.origin, lambda.origin), { range: '1000-2999' });
  expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 1000-2999/${whole.length}`]);
  expect(part.bytes.equals(whole.subarray(1000, 3000))).toBe(true);
});

/** The parts of all renditions of pictures, by name. */
async function inOrder(link: string): Promise<ReadonlyMap<string, Buffer>> {
  const { playlist } = await readMultivariant(link);
  const parts = new Map<string, Buffer>();
  for (const { uri } of playlist.variants) {
    const { init, segments } = await readMedia(new URL(uri, link).href);
    for (const url of [init, ...segments.map((segment) => segment.url)])
      parts.set(url.split('/').at(-1) ?? '', await bytesAt(url));
  }
  return parts;
}
