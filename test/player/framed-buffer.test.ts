import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { framedAudio } from './framed-origin.ts';
import type { FramedAudio } from './framed-origin.ts';
import { openScene } from './framed-scene.ts';
import type { Scene } from './framed-scene.ts';
import { listenerFiles } from './listening.ts';
import type { Scope } from './listening.ts';
import { meddle, ROOM_SECONDS, type Hands } from './meddle.ts';

const CHIRP = { seconds: 60 };

let browser: Browser;
let audio: FramedAudio;
let files: Record<string, string>;
beforeAll(async () => {
  [browser, audio, files] = await Promise.all([launchBrowser(), framedAudio(CHIRP, 'aac'), listenerFiles()]);
});
afterAll(() => browser.close());

const scene = (): Promise<Scene> => openScene({ browser, audio, files, chirp: CHIRP });

test('what there is no room for is appended when there is, and nothing is lost', async () => {
  await using it = await scene();
  await meddle(it.tab, 'quota');
  it.origin.pace = Infinity;
  await it.tab.play(it.origin.src);
  await it.tab.until(25);
  const { quotaHits, bufferedAhead, bufferedBehind } = await it.tab.stats();
  expect(quotaHits).toBeGreaterThan(2);
  expect(bufferedAhead + bufferedBehind).toBeLessThan(ROOM_SECONDS + 1);
  expect(await it.heard()).toMatchObject({ damagedMs: 0, silentMs: 0 });
}, 60_000);

test.concurrent(
  'half a minute is kept behind the playhead, and half a minute ahead',
  async () => {
    await using it = await scene();
    [it.origin.pace, it.origin.legSeconds] = [Infinity, 10];
    await it.tab.play(it.origin.src);
    await it.tab.page.evaluate(() => (globalThis as Scope).listener.playback.setRate(3));
    await it.tab.until(50);
    const [[start, end] = [0, 0]] = await it.tab.ranges();
    expect(start).toBeGreaterThan(50 - 30 - 6);
    expect(start).toBeLessThan(50 - 25);
    expect(end).toBeLessThanOrEqual(60.1);
    expect((await it.tab.stats()).evictions).toBeGreaterThan(0);
  },
  60_000,
);

test('sound that the browser took away is fetched again', async () => {
  await using it = await scene();
  await meddle(it.tab, 'nothing');
  [it.origin.pace, it.origin.legSeconds] = [Infinity, 20];
  await it.tab.play(it.origin.src);
  await it.tab.until(1);
  await it.tab.page.evaluate(() => (globalThis as Hands).buffer.remove(8, 14));
  await it.tab.until(16);
  expect((await it.heard()).damagedMs).toBe(0);
}, 60_000);

test('a browser that says when it wants data is not given more', async () => {
  await using it = await scene();
  [it.origin.pace, it.origin.legSeconds] = [Infinity, 5];
  await it.tab.page.evaluate(() => {
    class Managed extends MediaSource {
      streaming = true;
      constructor() {
        super();
        (globalThis as Hands).source = this;
      }
    }
    Object.assign(globalThis, { MediaSource: undefined, ManagedMediaSource: Managed });
  });
  const streaming = (wants: boolean): Promise<void> =>
    it.tab.page.evaluate((to) => {
      const { source } = globalThis as Hands;
      source.streaming = to;
      if (to) source.dispatchEvent(new Event('startstreaming'));
    }, wants);
  await it.tab.play(it.origin.src);
  await streaming(false);
  const before = it.origin.seen.length;
  await it.tab.until(4);
  expect(it.origin.seen.length - before).toBeLessThanOrEqual(1); // one may have been on its way
  const asked = it.origin.seen.length;
  await streaming(true);
  await expect.poll(() => it.origin.seen.length, { timeout: 1000 }).toBeGreaterThan(asked);
  await it.tab.until(12);
  expect((await it.heard()).damagedMs).toBe(0);
}, 60_000);
