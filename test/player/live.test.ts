import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { killFfmpeg } from '../support/ffmpeg-killer.ts';
import type { Scope } from './listening.ts';
import { openLiveScene, type LiveScene } from './live-scene.ts';

const isFull = process.env['BATON_FULL'] === '1';
const CHIRP = { seconds: isFull ? 400 : 120 };
const ROUNDS = isFull ? 10 : 3;
const BETWEEN_MS = isFull ? 28_000 : 5000;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const FAULTS: readonly ((scene: LiveScene) => unknown)[] = [
  killFfmpeg,
  ({ radio }) => radio.reset(),
  (scene) => scene.restart(),
];

test('the legs of a channel, and faults in it, leave no trace in the sound', async ({ expect }) => {
  await using scene = await openLiveScene(browser, CHIRP);
  const { tab } = scene;
  await tab.play(scene.src);
  await sleep(5000);
  for (let round = 0; round < ROUNDS; round++) {
    await FAULTS[round % FAULTS.length]?.(scene);
    await sleep(BETWEEN_MS);
  }
  const heard = await scene.heard();
  const { legs, retries, stalls } = await tab.stats();
  console.log(heard, { legs: legs.map(({ end }) => end).join(), retries, stalls });
  expect(heard.length).toBeGreaterThan(0);
  for (const piece of heard) expect(piece).toMatchObject({ damagedMs: 0, silentMs: 0 });
  expect(heard.reduce((sum, { seconds }) => sum + seconds, 0)).toBeGreaterThan((ROUNDS * BETWEEN_MS) / 1000);
  expect(legs.filter(({ end }) => end === 'leg').length).toBeGreaterThan(1);
  expect(tab.errors).toEqual([]);
}, 400_000);

test.concurrent(
  'what is past can be heard again, a pause loses nothing, and there is a way back to now',
  async ({ expect }) => {
    await using scene = await openLiveScene(browser, CHIRP);
    const { tab } = scene;
    await tab.play(scene.src);
    await expect.poll(() => tab.live()).toMatchObject({ isAtEdge: true, duration: 'Infinity' });
    const begin = await tab.position();
    await sleep(7000);
    await tab.call('pause');
    const left = await tab.position();
    await sleep(8000);
    const since = performance.now();
    await tab.call('play');
    await tab.until(left + 0.5);
    expect((await tab.position()) - left).toBeLessThan((performance.now() - since) / 1000 + 0.3);
    expect(await tab.live()).toMatchObject({ isAtEdge: false, rate: 1 });

    await tab.call('toEdge');
    await expect.poll(() => tab.live()).toMatchObject({ isAtEdge: true });
    await tab.until(left + 5);
    await tab.call('seek', begin + 1);
    const legsBefore = (await tab.stats()).legCount;
    await tab.until(begin + 2);
    expect(await tab.position()).toBeLessThan(begin + 4);
    expect((await tab.stats()).legCount).toBe(legsBefore);
    await tab.call('seek', 0);
    await expect.poll(() => tab.position()).toBeLessThan(begin + 2);
    const { from } = await tab.live();
    expect(await tab.position()).toBeGreaterThanOrEqual(from);
    expect(tab.errors).toEqual([]);
  },
  60_000,
);

test.concurrent(
  'who was away for long goes on where they left, and a title is told when it is heard',
  async ({ expect }) => {
    await using scene = await openLiveScene(browser, CHIRP, 1000);
    const { tab, radio } = scene;
    radio.title('Them - First');
    await tab.play(scene.src);
    await expect.poll(() => tab.titles()).toEqual(['First']);
    radio.title('Them - Second');
    const asked = await tab.position();
    await expect.poll(() => tab.titles(), { timeout: 15_000 }).toEqual(['First', 'Second']);
    expect(await tab.position()).toBeGreaterThan(asked + 1);
    await tab.call('pause');
    await expect.poll(async () => (await tab.stats()).legs.at(-1)?.end).toMatch(/^(?:abandoned|leg)$/); // none is open
    const left = await tab.position();
    await sleep(2000);
    await tab.call('play');
    await tab.until(left + 3);
    expect(await tab.position()).toBeLessThan(left + 5);

    await tab.page.evaluate((src) => {
      const { playback } = (globalThis as Scope).listener;
      playback.load([{ src }], { autoplay: true });
    }, scene.src);
    await tab.until(left + 3);
    await expect.poll(() => tab.live(), { timeout: 5000 }).toMatchObject({ isAtEdge: true });
    expect(await tab.ranges()).toMatchObject([[expect.toSatisfy((start: number) => start > 2), expect.anything()]]);
    expect(tab.errors).toEqual([]);
  },
  60_000,
);

test.concurrent(
  'when the channel has begun anew, what there is of the old one is heard, then the new one',
  async ({ expect }) => {
    await using scene = await openLiveScene(browser, CHIRP);
    const { tab } = scene;
    await tab.play(scene.src);
    await tab.until(12);
    await scene.restart(true);
    const { page } = tab;
    await page.waitForFunction(() => (globalThis as Scope).listener.playback.position() < 8, null, { timeout: 20_000 });
    const begin = await tab.position();
    await expect.poll(() => tab.position(), { timeout: 10_000 }).toBeGreaterThan(begin + 1);
    const told = (await tab.events()).filter(({ type }) => type === 'discontinuity');
    expect(told.map(({ detail }) => detail)).toMatchObject([{ why: 'channel-restarted' }]);
    expect(tab.errors).toEqual([]);
  },
  60_000,
);
