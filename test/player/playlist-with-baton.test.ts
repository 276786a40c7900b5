import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton } from '../support/baton.ts';
import type { TestBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { film } from '../support/film.ts';
import { hlsLink } from '../support/hls.ts';
import { startOrigin } from '../support/origin.ts';
import type { Origin } from '../support/origin.ts';
import { encodeChirp, hear } from './chirp.ts';
import { hlsOrigin } from './hls-origin.ts';
import { listenerFiles, openListening, post } from './listening.ts';
import { get, playerFiles } from './player-page.ts';

const CHIRP = { seconds: 14 };

let browser: Browser;
let origin: Origin;
let baton: TestBaton;
beforeAll(async () => {
  browser = await launchBrowser();
  origin = await startOrigin(new Uint8Array());
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await browser.close();
  await baton.stop();
  await origin.close();
});

test('an episode as HLS is heard to its end, every sample of it, from another origin', async () => {
  origin.content = await encodeChirp(CHIRP, ['-c:a', 'flac', '-f', 'flac']);
  await using page = await hlsOrigin(await listenerFiles());
  await using tab = await openListening(browser, page.origin);
  await tab.play(hlsLink(baton, origin.url('/chirp.flac')));
  await tab.until(CHIRP.seconds + 1);
  const types = (await tab.events()).map(({ type }) => type);
  expect(types).toContain('ended');
  expect(types.filter((type) => ['retry', 'failed'].includes(type))).toEqual([]);
  await post(tab.page);
  const heard = hear(await page.recorded, CHIRP, { at: 0 });
  expect(heard.damagedMs).toBe(0);
  expect(heard.silentMs).toBe(0);
  expect(heard.from + heard.seconds).toBeGreaterThan(CHIRP.seconds - 0.3);
  expect(tab.errors).toEqual([]);
}, 60_000);

test('a film as HLS is seen in the player, in each of its heights, with its sound', async () => {
  origin.content = await film({ width: 640, height: 480, seconds: 8 });
  const { scripts } = await playerFiles();
  const src = hlsLink(baton, origin.url('/film.mp4'));
  const body = `<script type="module" src="/player/baton-player.js"></script><baton-player src="${src}"></baton-player>`;
  await using page = await hlsOrigin({ ...scripts, '/page': `<!doctype html><meta charset="utf-8">${body}` });
  await using opened = await openPage(browser, `${page.origin}/page`);
  const tab = opened.page;
  await expect.poll(() => get(tab, 'videoWidth'), { timeout: 20_000 }).toBeGreaterThan(0);
  await tab.evaluate(() => document.querySelector('baton-player')?.play());
  await expect.poll(() => get(tab, 'currentTime'), { timeout: 10_000 }).toBeGreaterThan(1);
  const heights = await tab.evaluate(() =>
    document
      .querySelector('baton-player')
      ?.levels?.list()
      .map(({ height }) => height),
  );
  expect(heights?.length).toBeGreaterThan(1);
  const lowest = Math.min(...(heights ?? []));
  await tab.evaluate((height) => {
    const { levels } = document.querySelector('baton-player') ?? {};
    levels?.choose(levels.list().findIndex((level) => level.height === height));
  }, lowest);
  await expect.poll(() => get(tab, 'videoHeight'), { timeout: 15_000 }).toBe(lowest);
  expect((await get(tab, 'stats')) as { codec: string }).toMatchObject({ engine: 'hls', retries: 0 });
  expect(await get(tab, 'error')).toBeNull();
  expect(opened.errors).toEqual([]);
}, 60_000);
