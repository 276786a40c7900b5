import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, openPage } from '../support/browser.ts';
import { axe } from './axe.ts';
import { framedAudio } from './framed-origin.ts';
import { audioLadder, hlsOrigin, videoLadder } from './hls-origin.ts';
import type { Files } from './hls-origin.ts';
import { get, playerFiles, set } from './player-page.ts';

let browser: Browser;
let files: Files;
beforeAll(async () => {
  const [made, video, audio, { scripts }] = await Promise.all([
    launchBrowser(),
    videoLadder(),
    framedAudio({ seconds: 12 }, 'aac', 64),
    playerFiles(),
  ]);
  browser = made;
  files = { ...audioLadder(audio, audio), ...video, ...scripts };
});
afterAll(() => browser.close());

async function open(body: string, options: Parameters<typeof openPage>[2] = {}, more: Files = {}) {
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Test</title>
    <script type="module" src="/player/baton-player.js"></script><main>${body}</main></html>`;
  const origin = await hlsOrigin({ ...files, ...more, '/page': page });
  const tab = await openPage(browser, `${origin.origin}/page`, options);
  return {
    ...{ page: tab.page, errors: tab.errors, origin },
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

const PLAYER = '<baton-player muted src="/video/index.m3u8" title="A film"></baton-player>';

const isSeen = (page: Page, selector: string): Promise<boolean> => page.locator(selector).first().isVisible();

/** Brightness of what the picture shows, 0 to 255. */
const light = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const video = document.querySelector('baton-player')?.shadowRoot?.querySelector('video');
    const context = new OffscreenCanvas(32, 18).getContext('2d');
    if (video == null || context === null) return 0;
    context.drawImage(video, 0, 0, 32, 18);
    const { data } = context.getImageData(0, 0, 32, 18);
    return data.reduce((sum, value) => sum + value, 0) / data.length;
  });

test('a playlist with a picture shows it, plays to its end, and its quality can be chosen', async () => {
  await using tab = await open(PLAYER);
  const { page } = tab;
  await expect.poll(() => get(page, 'videoWidth'), { timeout: 10_000 }).toBeGreaterThan(0);
  expect(await isSeen(page, '.surface')).toBe(true);
  const group = page.getByRole('group', { name: 'Video player: A film' });
  await group.getByRole('button', { name: 'Play', exact: true }).click();
  await expect.poll(() => get(page, 'currentTime')).toBeGreaterThan(0.5);
  expect(await light(page)).toBeGreaterThan(60);

  const quality = page.getByLabel('Quality');
  expect(await quality.locator('option').allTextContents()).toEqual([expect.stringMatching(/^Auto/), '180p', '90p']);
  await quality.selectOption('90p');
  await expect.poll(() => get(page, 'videoHeight'), { timeout: 8000 }).toBe(90);
  expect(await page.evaluate(() => document.querySelector('baton-player')?.levels?.chosen())).toBe(0);
  await quality.selectOption('180p');
  await expect.poll(() => get(page, 'videoHeight'), { timeout: 8000 }).toBe(180);

  await set(page, 'currentTime', 11);
  await expect.poll(() => get(page, 'ended')).toBe(true);
  expect(await get(page, 'error')).toBeNull();
  expect(tab.errors).toEqual([]);
}, 40_000);

test('full screen, picture in picture, captions and a click: by button, by key, and named', async () => {
  await using tab = await open(PLAYER);
  const { page } = tab;
  await expect.poll(() => isSeen(page, '.surface'), { timeout: 10_000 }).toBe(true);
  const fullscreen = (): Promise<boolean> =>
    page.evaluate(() => document.querySelector('baton-player')?.shadowRoot?.fullscreenElement !== null);
  await page.getByRole('button', { name: 'Full screen' }).click();
  await expect.poll(fullscreen).toBe(true);
  await page.getByRole('button', { name: 'Leave full screen' }).waitFor();
  const box = await page.locator('.surface').boundingBox();
  expect(box).toMatchObject(page.viewportSize() ?? {});
  await page.keyboard.press('f');
  await expect.poll(fullscreen).toBe(false);
  await page.keyboard.press('f');
  await expect.poll(fullscreen).toBe(true);
  await page.keyboard.press('f');

  const inset = (): Promise<boolean> => page.evaluate(() => document.pictureInPictureElement !== null);
  const told = page.evaluate(
    () =>
      new Promise((resolve) =>
        document.querySelector('baton-player')?.addEventListener('enterpictureinpicture', resolve),
      ),
  );
  await page.keyboard.press('i');
  await expect.poll(inset).toBe(true);
  await told;
  await page.getByRole('button', { name: 'Leave picture in picture' }).click();
  await expect.poll(inset).toBe(false);

  await page.locator('.surface').click();
  await expect.poll(() => get(page, 'currentTime')).toBeGreaterThan(0.2);
  const captions = page.getByRole('button', { name: 'Captions' });
  expect(await captions.getAttribute('aria-pressed')).toBe('false');
  await captions.click();
  const cues = (): Promise<number> =>
    page.evaluate(() => {
      const player = document.querySelector('baton-player');
      const shown = Array.from(player?.textTracks ?? []).find(({ mode }) => mode === 'showing');
      return shown?.activeCues?.length ?? 0;
    });
  await expect.poll(cues, { timeout: 8000 }).toBe(1);
  expect(await captions.getAttribute('aria-pressed')).toBe('true');
  expect(tab.errors).toEqual([]);
}, 40_000);

test('axe finds nothing wrong, and nothing sticks out at any width; each part is documented', async () => {
  const widths = [200, 240, 300, 340, 440, 500, 600, 720, 860];
  const body = widths.map((width) => `<div style="width:${width}px">${PLAYER}</div>`).join('');
  for (const colorScheme of ['light', 'dark'] as const) {
    await using tab = await open(body, {
      viewport: { width: 900, height: 1400 },
      colorScheme,
      reducedMotion: 'reduce',
    });
    const seen = (): Promise<number> => tab.page.locator('.surface:visible').count();
    await expect.poll(seen, { timeout: 20_000 }).toBe(widths.length);
    expect(await axe(tab.page)).toEqual([]);
    const { outside, parts } = await tab.page.evaluate(() => {
      const players = [...document.querySelectorAll('baton-player')];
      const pieces = players.flatMap((player) =>
        [...(player.shadowRoot?.querySelectorAll<HTMLElement>('button, select, .surface') ?? [])].map((piece) => ({
          piece,
          box: player.getBoundingClientRect(),
        })),
      );
      return {
        outside: pieces
          .filter(({ piece, box }) => {
            const { left, right, width } = piece.getBoundingClientRect();
            return width > 0 && (left < box.left - 0.5 || right > box.right + 0.5);
          })
          .map(({ piece }) => piece.className),
        parts: [...new Set(pieces.flatMap(({ piece }) => [...piece.part]))],
      };
    });
    expect(outside).toEqual([]);
    const manifest = readFileSync(new URL('../../player/custom-elements.json', import.meta.url), 'utf8');
    expect(parts.filter((part) => !manifest.includes(`"name": "${part}"`))).toEqual([]);
    expect(parts).toEqual(expect.arrayContaining(['surface', 'quality', 'captions', 'inset', 'fullscreen']));
  }
}, 60_000);

test('sound alone shows no picture; a film after it does, with its volume, and chapters go along', async () => {
  const playlist = JSON.stringify([
    { title: 'Sound', sources: [{ src: '/audio/index.m3u8' }] },
    { title: 'Film', sources: [{ src: '/video/index.m3u8' }], chapters: [{ start: 0, end: 12, title: 'All' }] },
  ]);
  await using tab = await open(`<baton-player muted playlist='${playlist}'></baton-player>`);
  const { page } = tab;
  await expect.poll(() => get(page, 'readyState'), { timeout: 10_000 }).toBeGreaterThan(0);
  expect(await isSeen(page, '.surface')).toBe(false);
  expect(await page.getByRole('button', { name: 'Full screen' }).count()).toBe(0);
  expect(await page.getByLabel('Quality').locator('option').count()).toBe(3);
  await set(page, 'volume', 0.4);
  await page.getByRole('button', { name: 'Next episode' }).click();
  await expect.poll(() => isSeen(page, '.surface'), { timeout: 10_000 }).toBe(true);
  expect([await get(page, 'volume'), await get(page, 'muted')]).toEqual([0.4, true]);
  const kinds = (): Promise<string[]> =>
    page.evaluate(() => Array.from(document.querySelector('baton-player')?.textTracks ?? []).map(({ kind }) => kind));
  await expect.poll(kinds).toContain('chapters');
});

test('an audio file after a film is an audio again, and a live playlist has its badge', async () => {
  const channel = await framedAudio({ seconds: 40 }, 'aac', 64);
  const origin = await hlsOrigin(
    { ...files, '/page': `<!doctype html><script type="module" src="/player/baton-player.js"></script>${PLAYER}` },
    channel,
  );
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  await expect.poll(() => get(page, 'videoWidth'), { timeout: 10_000 }).toBeGreaterThan(0);
  await set(page, 'src', '/live/index.m3u8');
  await page.evaluate(() => document.querySelector('baton-player')?.play());
  await page.getByRole('button', { name: 'Live', exact: true }).waitFor();
  await expect.poll(() => get(page, 'streamType')).toBe('live');
  expect(await isSeen(page, '.surface')).toBe(false);
  expect(tab.errors).toEqual([]);
  await origin[Symbol.asyncDispose]();
});

test('the policy of pages for frames lets it play', async () => {
  const strict = `<!doctype html><meta charset="utf-8"><script type="module" src="/player/frame.js"></script>${PLAYER}`;
  const origin = await hlsOrigin({ ...files, '/strict': strict });
  await using tab = await openPage(browser, `${origin.origin}/strict`);
  await expect.poll(() => get(tab.page, 'videoWidth'), { timeout: 10_000 }).toBeGreaterThan(0);
  await tab.page.evaluate(() => document.querySelector('baton-player')?.play());
  await expect.poll(() => get(tab.page, 'currentTime')).toBeGreaterThan(0.3);
  await origin[Symbol.asyncDispose]();
});

test('inside Media Chrome the picture is seen without controls of its own, and is driven by those', async () => {
  const entry = { contents: "import 'media-chrome';", resolveDir: import.meta.dirname };
  const { outputFiles } = await build({ stdin: entry, bundle: true, format: 'esm', minify: true, write: false });
  const body = `<script type="module" src="/media-chrome.js"></script><media-controller style="width:480px;height:270px">
    <baton-player slot="media" no-ui muted src="/video/index.m3u8"></baton-player>
    <media-control-bar><media-play-button></media-play-button><media-pip-button></media-pip-button></media-control-bar>
    </media-controller>`;
  await using tab = await open(body, {}, { '/media-chrome.js': outputFiles[0]?.text ?? '' });
  const { page } = tab;
  await expect.poll(() => isSeen(page, '.surface'), { timeout: 10_000 }).toBe(true);
  expect(await page.locator('.surface').boundingBox()).toMatchObject({ width: 480, height: 270 });
  expect(await isSeen(page, '.controls')).toBe(false);
  await page.locator('media-play-button').click();
  await expect.poll(() => get(page, 'currentTime')).toBeGreaterThan(0.3);
  await page.locator('media-pip-button').click();
  await expect.poll(() => page.evaluate(() => document.pictureInPictureElement !== null)).toBe(true);
});
