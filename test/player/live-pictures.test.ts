import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { startLiveHls } from '../support/hls-channel.ts';
import { hlsFilm } from '../support/hls-film.ts';
import { hlsOrigin } from './hls-origin.ts';
import { get, playerFiles } from './player-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

interface Told {
  readonly legs: readonly { readonly end: string }[];
  readonly codec: string;
  readonly retries: number;
  readonly stalls: number;
}

test('a channel with pictures plays through its legs without a stall', async () => {
  await using stack = new AsyncDisposableStack();
  const files = await hlsFilm({ kind: 'ts', segmentSeconds: 2, film: { seconds: 60 } });
  const channel = stack.use(await startLiveHls({ files, segmentSeconds: 2 }));
  const baton = stack.use(await startBaton({ allowOrigins: [channel.origin.origin], config: { liveLegMs: 6_000 } }));
  const options = 'codec.aac~bitrate.64k~video.480p';
  const link = publicLink({ kind: 'live', options, source: channel.url, name: 'a.mp4' }, baton.keys);
  const { scripts } = await playerFiles();
  const body = `<script type="module" src="/player/baton-player.js"></script>
    <baton-player preload="none" src="${baton.origin}${link}"></baton-player>`;
  const pages = stack.use(await hlsOrigin({ ...scripts, '/page': `<!doctype html><meta charset="utf-8">${body}` }));
  const { page, errors } = stack.use(await openPage(browser, `${pages.origin}/page`));

  const seen = () =>
    page.evaluate(() => {
      const video = document.querySelector('baton-player')?.shadowRoot?.querySelector('video');
      return { at: video?.currentTime ?? 0, frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0 };
    });
  await page.evaluate(() => document.querySelector('baton-player')?.play());
  await expect.poll(() => get(page, 'videoHeight'), { timeout: 20_000 }).toBe(180);
  await expect.poll(async () => (await seen()).frames, { timeout: 20_000 }).toBeGreaterThan(25);
  const before = await seen();
  await page.waitForTimeout(16_000);
  const after = await seen();
  expect(after.at - before.at).toBeGreaterThan(15);
  const perSecond = (after.frames - before.frames) / (after.at - before.at);
  expect(perSecond).toBeGreaterThan(24);
  expect(perSecond).toBeLessThan(26);
  const stats = (await get(page, 'stats')) as Told;
  expect(stats).toMatchObject({ retries: 0, stalls: 0 });
  expect(stats.codec).toMatch(/^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
  expect(stats.legs.length).toBeGreaterThan(2);
  expect(await get(page, 'streamType')).toBe('live');
  expect(await get(page, 'error')).toBeNull();
  expect(errors).toEqual([]);
}, 90_000);
