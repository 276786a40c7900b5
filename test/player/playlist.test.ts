import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { hear } from './chirp.ts';
import { framedAudio } from './framed-origin.ts';
import type { FramedAudio } from './framed-origin.ts';
import { audioLadder, hlsOrigin } from './hls-origin.ts';
import type { Files, HlsOrigin } from './hls-origin.ts';
import { listenerFiles, openListening, post } from './listening.ts';
import type { Listening, Scope } from './listening.ts';

const CHIRP = { seconds: 10 };
const LONG = { seconds: 60 };

let browser: Browser;
let files: Files;
let channel: FramedAudio;
beforeAll(async () => {
  const [made, low, high, long, page] = await Promise.all([
    launchBrowser(),
    framedAudio(CHIRP, 'aac', 64),
    framedAudio(CHIRP, 'aac'),
    framedAudio(LONG, 'aac'),
    listenerFiles(),
  ]);
  [browser, channel] = [made, long];
  files = { ...page, ...audioLadder(low, high) };
});
afterAll(() => browser.close());

interface Scene extends AsyncDisposable {
  readonly origin: HlsOrigin;
  readonly tab: Listening;
}

async function scene(): Promise<Scene> {
  const origin = await hlsOrigin(files, channel);
  const tab = await openListening(browser, origin.origin);
  return {
    ...{ origin, tab },
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

const types = async (tab: Listening): Promise<readonly string[]> => (await tab.events()).map(({ type }) => type);

test('a playlist plays to its end without a damaged sample, in a chosen quality', async () => {
  await using it = await scene();
  await it.tab.play(`${it.origin.origin}/audio/index.m3u8`);
  await it.tab.until(1);
  const chosen = await it.tab.page.evaluate(() => {
    const levels = (globalThis as Scope).listener.playback.levels();
    levels?.choose(0);
    return { list: levels?.list(), chosen: levels?.chosen() };
  });
  expect(chosen.list?.map(({ bitrate }) => bitrate)).toEqual([70_000, 140_000]);
  await it.tab.until(11);
  expect(await types(it.tab)).toContain('ended');
  expect(await it.tab.page.evaluate(() => (globalThis as Scope).listener.playback.levels()?.chosen())).toBe(0);
  await post(it.tab.page);
  const heard = hear(await it.origin.recorded, CHIRP, { at: 0 });
  expect(heard.damagedMs).toBe(0);
  expect(heard.silentMs).toBe(0);
  expect(heard.from + heard.seconds).toBeGreaterThan(9.7); // the recorder passes on a quarter of a second at once
  const stats = await it.tab.stats();
  expect([stats.engine, stats.codec]).toEqual(['hls', 'mp4a.40.2']);
  expect(stats.legCount).toBeGreaterThan(4);
  expect(it.tab.errors).toEqual([]);
}, 40_000);

test('another quality goes on at the sample, and the first playlist is asked for once', async () => {
  await using it = await scene();
  await it.tab.play(`${it.origin.origin}/audio/index.m3u8`);
  await it.tab.until(1);
  const asked = it.origin.seen.length;
  await it.tab.page.evaluate(() => {
    const levels = (globalThis as Scope).listener.playback.levels();
    levels?.choose(1 - levels.playing());
  });
  await it.tab.until(8);
  const before = it.origin.seen.slice(0, asked).some((path) => path.startsWith('/audio/low/'));
  const after = it.origin.seen.slice(asked).filter((path) => path.startsWith(`/audio/${before ? 'high' : 'low'}/`));
  expect(after.length).toBeGreaterThan(2);
  await post(it.tab.page);
  const heard = hear(await it.origin.recorded, CHIRP, { at: 0 });
  expect(heard.damagedMs).toBeLessThan(25); // one frame is decoded from what two encoders made
  expect(Math.abs(heard.slip)).toBeLessThan(0.5);
  expect(it.origin.seen.filter((path) => path === '/audio/index.m3u8')).toHaveLength(1);
}, 40_000);

test('an outage in mid-play is overcome at the place, and what is refused for good is told with its status', async () => {
  await using it = await scene();
  it.origin.fault = (path) => (/[234]\.m4s$/.test(path) ? 503 : null);
  await it.tab.play(`${it.origin.origin}/audio/index.m3u8`);
  await expect.poll(() => types(it.tab), { timeout: 30_000 }).toContain('retry');
  it.origin.fault = () => null;
  await expect.poll(() => types(it.tab), { timeout: 30_000 }).toContain('recovered');
  expect(await it.tab.position()).toBeGreaterThan(3.5);
  await it.tab.until(11);
  expect(await types(it.tab)).toContain('ended');

  it.origin.fault = (path) => (path.endsWith('.m3u8') ? 404 : null);
  await it.tab.page.evaluate((src) => {
    (globalThis as Scope).listener.playback.load([{ src }], { autoplay: true });
  }, `${it.origin.origin}/audio/low/index.m3u8`);
  await expect.poll(() => types(it.tab), { timeout: 20_000 }).toContain('failed');
  const failed = (await it.tab.events()).findLast(({ type }) => type === 'failed');
  expect(failed?.detail).toMatchObject({ status: 404, message: 'As the test wants it.' });
  it.origin.fault = () => null;
  await it.tab.call('play');
  await expect.poll(() => it.tab.position()).toBeGreaterThan(0.2);
}, 90_000);

test('nothing is asked for before it is wanted, and little before it is played', async () => {
  await using it = await scene();
  const load = (preload: string): Promise<void> =>
    it.tab.page.evaluate(
      ([src = '', how = '']) => {
        const { audio, playback } = (globalThis as Scope).listener;
        audio.preload = how as 'none';
        playback.load([{ src }]);
      },
      [`${it.origin.origin}/audio/index.m3u8`, preload],
    );
  await load('none');
  await sleep(700);
  expect(it.origin.seen).toEqual([]);
  await it.tab.call('play');
  await expect.poll(() => it.tab.position()).toBeGreaterThan(0.2);
  await load('metadata');
  const before = it.origin.seen.length;
  await expect
    .poll(() => it.tab.page.evaluate(() => (globalThis as Scope).listener.playback.duration()))
    .toBeCloseTo(10, 0);
  await sleep(500);
  expect(it.origin.seen.slice(before).filter((path) => path.endsWith('.m4s')).length).toBeLessThan(3);
});

test('a live playlist is a channel: an edge, a window behind it, and an outage that leads back to it', async () => {
  await using it = await scene();
  await it.tab.play(`${it.origin.origin}/live/index.m3u8`);
  await expect.poll(() => it.tab.position(), { timeout: 15_000 }).toBeGreaterThan(5);
  const live = await it.tab.live();
  expect(live).toMatchObject({ isAtEdge: true, duration: 'Infinity' });
  expect(live.edge - live.from).toBeGreaterThan(6);
  await it.tab.call('seek', live.from + 1);
  await expect.poll(async () => (await it.tab.live()).isAtEdge).toBe(false);
  await it.tab.call('toEdge');
  await expect.poll(async () => (await it.tab.live()).isAtEdge).toBe(true);
  const place = await it.tab.position();
  it.origin.fault = () => 503;
  await expect.poll(() => types(it.tab), { timeout: 40_000 }).toContain('retry');
  it.origin.fault = () => null;
  await expect.poll(() => types(it.tab), { timeout: 30_000 }).toContain('recovered');
  await expect.poll(() => it.tab.position(), { timeout: 10_000 }).toBeGreaterThan(place + 3);
}, 120_000);
