import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataFolder } from '../../src/local/data-folder.ts';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { hlsLink, readMedia } from '../support/hls.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promised } from '../support/promise.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { source } from '../support/sources.ts';
import { serverProcess } from '../live/process.ts';
import { hlsPage, type Playing } from './hls-page.ts';
import type { Restartable } from './restartable.ts';

let origin: Origin;
let baton: TestBaton;
let browser: Browser;
let page: Restartable;

beforeAll(async () => {
  browser = await launchBrowser();
  page = await hlsPage();
  origin = await startOrigin((await source('vbr-xing.mp3', { seconds: 20 })).bytes);
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await browser.close();
  await page[Symbol.asyncDispose]();
  await baton.stop();
  await origin.close();
});

const playing = (tab: Page): Promise<Playing> => tab.evaluate('playing()');
const begin = (tab: Page, player: string, src: string, config: object = {}): Promise<unknown> =>
  tab.evaluate(`begin(${JSON.stringify(player)}, ${JSON.stringify(src)}, ${JSON.stringify(config)})`);

const isFull = process.env['BATON_FULL'] === '1';
test.each([
  ['hls.js', 'codec.opus~bitrate.64k'],
  ['hls.js', ''],
  ['shaka', 'codec.opus~bitrate.64k'],
  ['shaka', ''],
  ...(isFull
    ? [
        ['hls.js', 'bitrate.128k'],
        ['shaka', 'bitrate.96k'],
      ]
    : []),
])('%s plays a file (%j) to its end without an error, all of it', async (player, options) => {
  const { samples } = promised(await source('vbr-xing.mp3', { seconds: 20 }), 'codec.mp3~bitrate.192k');
  await using tab = await openPage(browser, page.origin);
  await begin(tab.page, player, hlsLink(baton, origin.url('/a.mp3'), options));
  await tab.page.evaluate('media.playbackRate = 4');
  await expect.poll(async () => (await playing(tab.page)).ended, { timeout: 40_000 }).toBe(true);
  const { errors, duration, buffered } = await playing(tab.page);
  expect([...errors, ...tab.errors]).toEqual([]);
  expect(Math.abs(duration - samples / 48_000)).toBeLessThan(0.025);
  expect(buffered).toHaveLength(1);
  expect(buffered[0]?.[0]).toBeLessThan(0.001);
});

test('Chromium decodes init section and segments to the promised samples', async () => {
  const { samples } = promised(await source('vbr-xing.mp3', { seconds: 20 }), 'codec.mp3~bitrate.192k');
  const { init, segments } = await readMedia(`${hlsLink(baton, origin.url('/a.mp3'))}/a128.m3u8`);
  await using tab = await openPage(browser, `${baton.origin}/healthz`);
  const length = await tab.page.evaluate(
    async (urls) => {
      const parts = await Promise.all(urls.map(async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer())));
      const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
      return (await new OfflineAudioContext(2, 1, 48_000).decodeAudioData(bytes.buffer)).length;
    },
    [init, ...segments.map(({ url }) => url)],
  );
  expect(length).toBe(samples);
});

test('hls.js goes on through the end of the producer, and loads each number once', async () => {
  await using stack = new AsyncDisposableStack();
  const program = await radioProgram('mp3-128k', { seconds: 60 });
  const radio = stack.use(await startRadio(program, { behaviour: { burstBytes: 240_000 } }));
  const data = await mkdtemp(join(tmpdir(), 'baton-hls-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const first = stack.use(await serverProcess(data, [radio.origin]));
  const second = stack.use(await serverProcess(data, [radio.origin]));
  const keys = await (await openDataFolder(data)).readKeys();
  const content = { kind: 'hls', options: 'mode.live~bitrate.96k', source: radio.url(), name: 'index.m3u8' } as const;
  const link = publicLink(content, keys);
  await fetch(`${first.origin}${link}/a96.m3u8`); // it carries the channel from now on
  await using tab = await openPage(browser, page.origin);
  await begin(tab.page, 'hls.js', second.origin + link);
  await expect.poll(async () => (await playing(tab.page)).time, { timeout: 20_000 }).toBeGreaterThan(1);
  expect(radio.listeners).toBe(1);
  await first.kill();
  await expect.poll(async () => (await playing(tab.page)).fragments.length, { timeout: 40_000 }).toBeGreaterThan(5);
  const { errors, fragments, buffered } = await playing(tab.page);
  expect(errors).toEqual([]);
  expect(fragments).toEqual(fragments.map((_, index) => (fragments[0] ?? 0) + index));
  expect(buffered).toHaveLength(1);
  expect(radio.connected).toBe(2);
}, 120_000);
