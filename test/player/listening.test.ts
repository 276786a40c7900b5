import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { get, playerOrigin, playerTab, set } from './player-page.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const PLAYER = '<baton-player src="/a.mp3" title="A tone" chapters="/chapters.json"></baton-player>';

test('chapters are shown, listed, told to scripts as they begin, and are a text track', async () => {
  await using tab = await playerTab(browser, PLAYER);
  const { page } = tab;
  await expect.poll(() => get(page, 'chapters')).toHaveLength(3);
  const seen = await page.evaluate(async () => {
    const player = document.querySelector<HTMLMediaElement>('baton-player');
    const begun: string[] = [];
    player?.addEventListener('chapterchange', (event) =>
      begun.push((event as CustomEvent<{ title: string }>).detail.title),
    );
    if (player === null) return null;
    player.playbackRate = 3;
    player.currentTime = 3.5;
    await player.play();
    while (!player.ended) await new Promise((resolve) => setTimeout(resolve, 50));
    const [track] = Array.from(player.textTracks);
    const cues = Array.from(track?.cues ?? []).map((cue) => [
      cue.startTime,
      Math.round(cue.endTime),
      (cue as VTTCue).text,
    ]);
    return { begun, kind: track?.kind, cues };
  });
  expect(seen?.begun.slice(-2)).toEqual(['The long middle part, in which everything is explained', 'Good night']);
  expect(seen?.kind).toBe('chapters');
  expect(seen?.cues.map(([start, end]) => [start, end])).toEqual([
    [0, 4],
    [4, 9],
    [9, 12],
  ]);
  await page.getByRole('button', { name: 'Chapters' }).click();
  await page.getByRole('button', { name: 'Hello 0:00' }).click();
  await expect.poll(() => get(page, 'currentTime')).toBeLessThan(3);
  await set(page, 'chapters', [{ start: 0, end: 12, title: 'One' }]);
  await expect.poll(() => get(page, 'chapters')).toEqual([{ start: 0, end: 12, title: 'One' }]);
  await set(page, 'chapters', []);
  await expect.poll(() => page.getByRole('button', { name: 'Chapters' }).count()).toBe(0);
});

test('the sleep timer fades out after its minutes, pauses, says so, and the volume is as before', async () => {
  await using origin = await playerOrigin(PLAYER.replace('title', 'loop title'));
  await using tab = await openPage(browser, 'about:blank');
  const { page } = tab;
  await page.clock.install();
  await page.goto(`${origin.origin}/page`);
  await expect.poll(() => get(page, 'readyState')).toBeGreaterThan(0);
  await set(page, 'volume', 0.8);
  await page.getByRole('button', { name: 'Play' }).click();
  await page.getByRole('button', { name: 'Sleep timer' }).click();
  await page.getByRole('button', { name: '5 minutes', exact: true }).click();
  await expect.poll(() => get(page, 'sleepTimer')).toBe(5);
  await expect.poll(() => page.locator('.left').textContent()).toBe('5'); // it runs
  const heard = (): Promise<unknown> =>
    page.evaluate(() => {
      const player = document.querySelector('baton-player') as unknown as { sound: { audio: HTMLAudioElement } };
      return player.sound.audio.volume;
    });
  await page.clock.runFor(4.9 * 60_000);
  expect(await heard()).toBeLessThan(0.79);
  expect(await get(page, 'volume')).toBe(0.8);
  expect(await get(page, 'paused')).toBe(false);
  await page.clock.runFor(10_000);
  expect(await get(page, 'paused')).toBe(true);
  expect(await page.getByRole('status').textContent()).toBe('Stopped by the sleep timer.');
  expect([await heard(), await get(page, 'sleepTimer')]).toEqual([0.8, null]);
});

test('asleep at the end of the chapter it stands where the next one begins; at the end of the episode no other one begins', async () => {
  await using tab = await playerTab(browser, PLAYER);
  const { page } = tab;
  await expect.poll(() => get(page, 'chapters')).toHaveLength(3);
  await set(page, 'currentTime', 3);
  await set(page, 'sleepTimer', 'chapter');
  await page.getByRole('button', { name: 'Play' }).click();
  await expect.poll(() => get(page, 'paused'), { timeout: 6000 }).toBe(true);
  expect(await get(page, 'currentTime')).toBeGreaterThanOrEqual(3.9);
  expect(await get(page, 'currentTime')).toBeLessThan(4.8);

  await set(
    page,
    'playlist',
    ['/one.mp3', '/two.mp3'].map((src) => ({ title: src, sources: [{ src }] })),
  );
  await expect.poll(() => get(page, 'currentSrc')).toMatch(/one\.mp3$/);
  await expect.poll(() => get(page, 'readyState')).toBeGreaterThan(0);
  await set(page, 'currentTime', 11.5);
  await set(page, 'sleepTimer', 'episode');
  await page.getByRole('button', { name: 'Play' }).click();
  await expect.poll(() => get(page, 'ended')).toBe(true);
  expect(await get(page, 'currentSrc')).toMatch(/one\.mp3$/);
  expect(await get(page, 'sleepTimer')).toBeNull();

  await set(page, 'loop', true);
  await set(page, 'currentTime', 11.5);
  await set(page, 'sleepTimer', 'episode');
  await page.getByRole('button', { name: 'Play' }).click();
  await expect.poll(() => get(page, 'sleepTimer'), { timeout: 3000 }).toBeNull();
  expect(await get(page, 'ended')).toBe(true);
});

test('a playlist goes on by itself, and to what is chosen', async () => {
  const episodes = ['one', 'two', 'three'].map((name) => ({
    ...{ title: `Episode ${name}`, artist: 'Tests', duration: 12 },
    sources: [{ src: `/${name}.mp3`, type: 'audio/mpeg' }],
  }));
  const body = '<baton-player playlist="/list.json"></baton-player>';
  await using origin = await playerOrigin(body, { '/list.json': JSON.stringify(episodes) });
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  await page.getByText('Episode one').waitFor();
  expect(await page.getByRole('button', { name: 'Previous episode' }).isDisabled()).toBe(true);
  await expect.poll(() => get(page, 'readyState')).toBeGreaterThan(0);
  await set(page, 'currentTime', 11.7);
  await page.getByRole('button', { name: 'Play' }).click();
  await page.getByText('Episode two').waitFor();
  await expect.poll(() => get(page, 'currentTime')).toBeGreaterThan(0.2);
  expect([await get(page, 'paused'), await get(page, 'episode')]).toEqual([false, 1]);
  await page.getByRole('button', { name: 'Episodes' }).click();
  await page.getByRole('button', { name: /Episode three/ }).click();
  await expect.poll(() => get(page, 'currentSrc')).toBe(`${origin.origin}/three.mp3`);
  expect(await page.getByRole('button', { name: 'Next episode' }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Previous episode' }).click();
  await expect.poll(() => get(page, 'episode')).toBe(1);
  expect(tab.errors).toEqual([]);
});

test('the link to this moment is copied, and shown where it cannot be', async () => {
  await using tab = await playerTab(browser, PLAYER, { permissions: ['clipboard-read', 'clipboard-write'] });
  const { page } = tab;
  await set(page, 'currentTime', 7.9);
  await page.getByRole('button', { name: 'Copy link to this moment' }).click();
  const link = `${tab.origin.origin}/page#t=7`;
  await page.getByText(`Link copied: ${link}`).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await page.evaluate(() =>
    document.querySelector('baton-player')?.setAttribute('share-url', 'https://example.org/e1'),
  );
  await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.reject(new Error('closed'))));
  await page.getByRole('button', { name: 'Copy link to this moment' }).click();
  await expect.poll(() => page.getByRole('status').textContent()).toBe('https://example.org/e1#t=7');
  await page.evaluate(() => document.querySelector('baton-player')?.setAttribute('share-url', 'e2'));
  await page.getByRole('button', { name: 'Copy link to this moment' }).click();
  await expect.poll(() => page.getByRole('status').textContent()).toBe(`${tab.origin.origin}/e2#t=7`);
});
