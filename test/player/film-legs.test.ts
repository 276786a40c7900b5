import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { film } from '../support/film.ts';
import { startOrigin } from '../support/origin.ts';
import type { Origin } from '../support/origin.ts';
import { filmScene } from './film-scene.ts';
import { get, set } from './player-page.ts';

const [SECONDS, FRAMES] = [14, 350];

let browser: Browser;
let origin: Origin;
beforeAll(async () => {
  browser = await launchBrowser();
  origin = await startOrigin(await film({}));
});
afterAll(async () => {
  await browser.close();
  await origin.close();
});

const play = (page: Page): Promise<unknown> => page.evaluate(() => document.querySelector('baton-player')?.play());

/** How many pictures were decoded, and what is buffered. */
const seen = (page: Page) =>
  page.evaluate(() => {
    const video = document.querySelector('baton-player')?.shadowRoot?.querySelector('video');
    const { buffered } = video ?? {};
    const ranges = Array.from({ length: buffered?.length ?? 0 }, (_, i) => [buffered?.start(i), buffered?.end(i)]);
    return { frames: video?.getVideoPlaybackQuality().totalVideoFrames, ranges };
  });

interface Told {
  readonly legs: readonly { readonly end: string; readonly bytes: number }[];
  readonly codec: string;
  readonly retries: number;
}

test.each([
  ['a film', {}],
  ['a film without sound', { audio: null }],
])(
  '%s plays through its legs to the end, every picture of it, and can be sought in',
  async (_, recipe) => {
    origin.content = await film(recipe);
    await using it = await filmScene(browser, origin, 4000);
    await play(it.page);
    await expect.poll(() => get(it.page, 'videoHeight'), { timeout: 15_000 }).toBe(180);
    await expect.poll(() => get(it.page, 'ended'), { timeout: 40_000 }).toBe(true);
    expect(await seen(it.page)).toEqual({ frames: FRAMES, ranges: [[0, SECONDS]] });
    const stats = (await get(it.page, 'stats')) as Told;
    expect(stats.codec).toMatch(/^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
    expect(stats.legs.length).toBeGreaterThan(1);
    expect(stats.retries).toBe(0);
    await set(it.page, 'currentTime', 7.3);
    await play(it.page);
    await expect.poll(() => get(it.page, 'currentTime')).toBeGreaterThan(8);
    expect(await get(it.page, 'error')).toBeNull();
    expect(it.errors).toEqual([]);
  },
  90_000,
);

test('a leg that is cut in the middle goes on behind the last fragment of each track', async () => {
  origin.content = await film({});
  await using it = await filmScene(browser, origin, 20_000);
  it.proxy.cutNext(20_000, 30_000, 25_000);
  await play(it.page);
  await expect.poll(() => get(it.page, 'ended'), { timeout: 60_000 }).toBe(true);
  const stats = (await get(it.page, 'stats')) as Told;
  const cut = stats.legs.filter(({ end }) => end === 'cut');
  expect(cut.length).toBeGreaterThanOrEqual(3);
  expect(cut.filter(({ bytes }) => bytes > 10_000).length).toBeGreaterThanOrEqual(1);
  const { frames, ranges } = await seen(it.page);
  expect(ranges).toEqual([[0, SECONDS]]);
  expect(frames).toBeGreaterThanOrEqual(FRAMES); // the picture at a cut may be decoded twice
  expect(it.errors).toEqual([]);
}, 90_000);
