import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { makeMp3 } from './audio-origin.ts';
import { framedAudio, framedOrigin } from './framed-origin.ts';
import type { FramedAudio } from './framed-origin.ts';
import { openScene } from './framed-scene.ts';
import type { Scene } from './framed-scene.ts';
import { listenerFiles, openListening } from './listening.ts';
import type { Listening, Scope } from './listening.ts';

const CHIRP = { seconds: 60 };

let browser: Browser;
let audio: FramedAudio;
let files: Record<string, string>;
beforeAll(async () => {
  [browser, audio, files] = await Promise.all([launchBrowser(), framedAudio(CHIRP, 'aac'), listenerFiles()]);
});
afterAll(() => browser.close());

const scene = (pausedLimitMs?: number): Promise<Scene> =>
  openScene({ browser, audio, files, chirp: CHIRP }, pausedLimitMs);

const act = (tab: Listening, method: 'play' | 'pause' | 'stop'): Promise<void> =>
  tab.page.evaluate((name) => (globalThis as Scope).listener.playback[name](), method);
const seek = (tab: Listening, ...places: readonly number[]): Promise<void> =>
  tab.page.evaluate((to) => to.forEach((place) => (globalThis as Scope).listener.playback.seek(place)), places);

test('a pause that lasts gives the connection up, and playing goes on at the sample', async () => {
  await using it = await scene(1500);
  [it.origin.pace, it.origin.legSeconds] = [1.2, 20];
  await it.tab.play(it.origin.src);
  await it.tab.until(3);
  await act(it.tab, 'pause');
  expect(it.origin.open()).toBe(1);
  await expect.poll(() => it.origin.open(), { timeout: 4000 }).toBe(0);
  const legs = it.origin.seen.length;
  await sleep(1500);
  expect(it.origin.seen.length).toBe(legs);
  await act(it.tab, 'play');
  await it.tab.until(9);
  expect(it.origin.seen.at(-1)?.frame).toBeGreaterThan(100);
  expect((await it.heard()).damagedMs).toBe(0);
}, 60_000);

test('stop lets go of the server at once, in mid-leg', async () => {
  await using it = await scene();
  [it.origin.pace, it.origin.legSeconds] = [1.2, 20];
  await it.tab.play(it.origin.src);
  await it.tab.until(2);
  await act(it.tab, 'stop');
  await expect.poll(() => it.origin.open(), { timeout: 1000 }).toBe(0);
  await sleep(500);
  await act(it.tab, 'play');
  await it.tab.until(6);
  expect((await it.heard()).damagedMs).toBe(0);
}, 60_000);

test('a leg that nobody listens to is let go in time, also one that a seek opened', async () => {
  await using it = await scene(1500);
  [it.origin.pace, it.origin.legSeconds] = [1.2, 20];
  await it.tab.play(it.origin.src);
  await it.tab.until(1);
  await act(it.tab, 'stop');
  await expect.poll(() => it.origin.open()).toBe(0);
  await seek(it.tab, 40);
  await expect.poll(() => it.origin.open()).toBe(1);
  await expect.poll(() => it.origin.open(), { timeout: 4000 }).toBe(0);
  const legs = it.origin.seen.length;
  await sleep(1000);
  expect(it.origin.seen).toHaveLength(legs);
  await act(it.tab, 'play');
  await it.tab.until(42);
}, 60_000);

test('a seek beyond what is there begins at the place, and many in a row cost few legs', async () => {
  await using it = await scene();
  await it.tab.play(it.origin.src);
  await it.tab.until(1);
  const [before, startedAt] = [it.origin.seen.length, performance.now()];
  await seek(it.tab, 50, 49, 48, 47, 46, 45);
  for (const place of [44, 43, 42, 41, 40]) {
    await seek(it.tab, place);
    await sleep(30);
  }
  const most = 2 + (performance.now() - startedAt) / 200;
  await it.tab.until(42);
  const begun = it.origin.seen.slice(before).filter(({ place }) => place.startsWith('t.'));
  expect(begun.length).toBeLessThan(Math.min(most, 11));
  expect(begun.at(-1)?.place).toBe('t.40000');
  expect(await it.tab.position()).toBeLessThan(44);
  expect((await it.tab.ranges())[0]?.[0]).toBeCloseTo(40, 0);
});

test('what is refused in mid-play is told when the sound is over, and can be tried again', async () => {
  await using it = await scene();
  it.origin.fault = ({ count }) => (count > 1 ? { kind: 'status', status: 410, json: { message: 'Gone.' } } : null);
  it.origin.legSeconds = 4;
  await it.tab.play(it.origin.src);
  await expect.poll(() => it.origin.seen.length).toBe(2);
  expect(await it.types()).not.toContain('failed');
  await expect.poll(it.types).toContain('failed');
  expect(await it.tab.position()).toBeGreaterThan(3.5);
  it.origin.fault = () => null;
  await act(it.tab, 'play');
  await it.tab.until(7);
  expect((await it.heard()).damagedMs).toBe(0);
});

test('a leg that ends where it began is no step on: the server is not asked in a row', async () => {
  await using it = await scene();
  it.origin.legSeconds = 2;
  await it.tab.play(it.origin.src);
  await it.tab.until(0.5);
  it.origin.legSeconds = 0;
  const before = it.origin.seen.length;
  await sleep(3000);
  expect(it.origin.seen.length - before).toBeLessThan(12);
  it.origin.legSeconds = 5;
  await it.tab.until(6);
  expect((await it.heard()).damagedMs).toBe(0);
});

test('without a network it waits, and begins when there is one', async () => {
  await using it = await scene();
  await it.tab.page.context().setOffline(true);
  const begun = it.tab.play(it.origin.src);
  await expect.poll(it.types).toContain('retry');
  await it.tab.page.context().setOffline(false);
  await begun;
  await it.tab.until(1);
  expect(await it.types()).toContain('recovered');
});

test('at the end it ends once, and plays again from the start', async () => {
  await using it = await scene();
  it.origin.pace = Infinity;
  await it.tab.play(it.origin.src, { at: 58.5 });
  await expect.poll(it.types).toContain('ended');
  expect((await it.types()).filter((type) => type === 'ended')).toHaveLength(1);
  expect(await it.tab.position()).toBeCloseTo(60, 1);
  await act(it.tab, 'play');
  await expect.poll(() => it.tab.position()).toBeLessThan(20);
  await it.tab.until(0.5);
});

test('a place behind the end is the last of it', async () => {
  await using it = await scene();
  await it.tab.play(it.origin.src, { at: 7200 });
  await expect.poll(it.types).toContain('ended');
  expect(await it.types()).not.toContain('retry');
  expect(await it.tab.position()).toBeCloseTo(60, 1);
  await act(it.tab, 'play');
  await expect.poll(() => it.tab.position()).toBeLessThan(20);
  await it.tab.until(0.5);
});

test('the metadata alone cost one fragment, and nothing is asked for until it plays', async () => {
  await using it = await scene();
  it.origin.pace = 1;
  await it.tab.page.evaluate((src) => {
    const { audio: element, playback } = (globalThis as Scope).listener;
    element.preload = 'metadata';
    playback.load([{ src }]);
  }, it.origin.src);
  const duration = () => it.tab.page.evaluate(() => (globalThis as Scope).listener.playback.duration());
  await expect.poll(duration).toBeCloseTo(60, 1);
  await expect.poll(() => it.origin.open()).toBe(0);
  await sleep(1000);
  expect(it.origin.seen).toHaveLength(1);
  expect((await it.tab.stats()).bytes).toBeLessThan(20_000);
});

test('Opus plays where its name is taken in either spelling', async () => {
  await using origin = await framedOrigin(await framedAudio({ seconds: 8 }, 'opus'), files);
  await using tab = await openListening(browser, origin.origin);
  await tab.page.evaluate(() => {
    const isSupported = MediaSource.isTypeSupported.bind(MediaSource);
    MediaSource.isTypeSupported = (type) => !type.includes('"opus"') && isSupported(type);
  });
  await tab.play(origin.src);
  await tab.until(2);
  expect(await tab.stats()).toMatchObject({ engine: 'framed', codec: 'Opus' });
});

test('without a media source the plain file plays', async () => {
  await using origin = await framedOrigin(audio, { ...files, '/a.mp3': makeMp3() });
  await using tab = await openListening(browser, origin.origin);
  await tab.page.evaluate(async (src) => {
    Object.assign(globalThis, { MediaSource: undefined, ManagedMediaSource: undefined });
    const { playback } = (globalThis as Scope).listener;
    playback.load([
      { src, type: 'audio/mp4; codecs="mp4a.40.2"' },
      { src: '/a.mp3', type: 'audio/mpeg' },
    ]);
    await playback.play();
  }, origin.src);
  await tab.until(1);
  expect(await tab.stats()).toMatchObject({ engine: 'file' });
  expect(origin.seen).toEqual([]);
});
