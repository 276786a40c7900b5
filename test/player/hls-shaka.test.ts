import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { hlsLink, readMedia } from '../support/hls.ts';
import { liveChannel } from '../support/hls-live.ts';
import { HLS_SECONDS, hlsMedia } from '../support/hls-media.ts';
import { startHlsOrigin, type HlsOrigin } from '../support/hls-origin.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio, type Radio } from '../support/radio.ts';
import { hlsPage, type Playing } from './hls-page.ts';
import type { Restartable } from './restartable.ts';

const ON_AIR = '/shaka/v.m3u8';

let browser: Browser;
let page: Restartable;
let origin: HlsOrigin;
let radio: Radio;
let baton: TestBaton;

beforeAll(async () => {
  const media = await hlsMedia();
  browser = await launchBrowser();
  page = await hlsPage();
  origin = await startHlsOrigin({ ...Object.fromEntries(media), ...liveChannel(media, '/shaka') });
  radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }), { behaviour: { burstBytes: 240_000 } });
  baton = await startBaton({ allowOrigins: [origin.origin, radio.origin] });
});
afterAll(async () => {
  await browser.close();
  await page[Symbol.asyncDispose]();
  await baton.stop();
  await radio[Symbol.asyncDispose]();
  await origin[Symbol.asyncDispose]();
});

const playing = (tab: Page): Promise<Playing> => tab.evaluate('playing()');
const begin = (tab: Page, src: string): Promise<unknown> => tab.evaluate(`begin('shaka', ${JSON.stringify(src)})`);
const relayed = (path: string): string => {
  const content = { kind: 'hls', options: 'mode.relay', source: origin.url(path), name: 'v.m3u8' } as const;
  return baton.origin + publicLink(content, baton.keys);
};

test('Shaka plays a channel as it is made, in one piece and without a pause', async () => {
  const link = hlsLink(baton, radio.url(), 'mode.live~bitrate.96k');
  const listed = async (): Promise<number> => (await readMedia(`${link}/a96.m3u8`)).segments.length;
  await expect.poll(listed, { timeout: 30_000, interval: 1_000 }).toBeGreaterThanOrEqual(4); // as when others listen
  await using tab = await openPage(browser, page.origin);
  await begin(tab.page, link);
  const isPast = (seconds: number) =>
    expect.poll(async () => (await playing(tab.page)).time, { timeout: 40_000 }).toBeGreaterThan(seconds);
  await isPast((await playing(tab.page)).time + 1);
  const before = await playing(tab.page);
  await isPast(before.time + 15);
  const { errors, buffered, waited } = await playing(tab.page);
  expect([...errors, ...tab.errors]).toEqual([]);
  expect(buffered).toHaveLength(1);
  expect(waited - before.waited).toBe(0);
  const jumps = 'const { gapsJumped, stallsDetected } = shakaPlayer.getStats(); [gapsJumped, stallsDetected]';
  expect(await tab.page.evaluate(jumps)).toEqual([0, 0]);
});

test.each(['/main-ts.m3u8', '/main-fmp4.m3u8', '/aes/v.m3u8'])(
  'Shaka plays the relay of %s to its end',
  async (path) => {
    await using tab = await openPage(browser, page.origin);
    await begin(tab.page, relayed(path));
    await tab.page.evaluate('media.playbackRate = 4');
    await expect.poll(async () => (await playing(tab.page)).ended, { timeout: 30_000 }).toBe(true);
    const { errors, duration } = await playing(tab.page);
    expect([...errors, ...tab.errors]).toEqual([]);
    expect(Math.abs(duration - HLS_SECONDS)).toBeLessThan(0.3);
  },
);

test('Shaka plays the relay of a channel until that is over', async () => {
  await using tab = await openPage(browser, page.origin);
  await begin(tab.page, relayed(ON_AIR));
  await expect.poll(async () => (await playing(tab.page)).ended, { timeout: 30_000 }).toBe(true);
  const { errors, time } = await playing(tab.page);
  expect([...errors, ...tab.errors]).toEqual([]);
  expect(Math.abs(time - HLS_SECONDS)).toBeLessThan(0.5);
  expect(origin.seen.some((line) => line.startsWith('GET /shaka/s5.ts '))).toBe(true);
});
