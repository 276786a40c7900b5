import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { get, playerOrigin } from './player-page.ts';

let browser: Browser;
let mediaChrome: string;

beforeAll(async () => {
  browser = await launchBrowser();
  const entry = { contents: "import 'media-chrome';", resolveDir: import.meta.dirname };
  const { outputFiles } = await build({ stdin: entry, bundle: true, format: 'esm', minify: true, write: false });
  mediaChrome = outputFiles[0]?.text ?? '';
});
afterAll(() => browser.close());

test('the controls of Media Chrome work around it', async () => {
  const body = `<script type="module" src="/media-chrome.js"></script>
    <media-controller audio>
      <baton-player slot="media" no-ui src="/episode.mp3" chapters="/chapters.json"></baton-player>
      <media-control-bar>
        <media-play-button></media-play-button><media-seek-forward-button seekoffset="5"></media-seek-forward-button>
        <media-time-display showduration></media-time-display><media-time-range></media-time-range>
        <media-playback-rate-button rates="1 2"></media-playback-rate-button><media-mute-button></media-mute-button>
      </media-control-bar>
    </media-controller>`;
  await using origin = await playerOrigin(body, { '/media-chrome.js': mediaChrome });
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  const attribute = (name: string) =>
    page.evaluate((it) => document.querySelector('media-controller')?.getAttribute(it) ?? null, name);
  await expect.poll(() => attribute('mediaduration')).toMatch(/^12/);
  expect(await page.locator('baton-player').isVisible()).toBe(false);

  await page.locator('media-play-button').click();
  await expect.poll(() => get(page, 'currentTime')).toBeGreaterThan(0.2);
  expect(await attribute('mediapaused')).toBeNull();
  await page.locator('media-seek-forward-button').click();
  await expect.poll(() => get(page, 'currentTime')).toBeGreaterThan(5);
  const time = () => page.locator('media-time-display').evaluate(({ shadowRoot }) => shadowRoot?.textContent);
  await expect.poll(time).toMatch(/0:0[5-9].*0:12/s);
  await page.locator('media-playback-rate-button').click();
  await expect.poll(() => get(page, 'playbackRate')).toBe(2);
  await page.locator('media-mute-button').click();
  await expect.poll(() => get(page, 'muted')).toBe(true);
  await page.locator('media-play-button').click();
  await expect.poll(() => attribute('mediapaused')).toBe('');
  const range = page.locator('media-time-range');
  const box = await range.boundingBox();
  await range.click({ position: { x: (box?.width ?? 0) / 2, y: (box?.height ?? 0) / 2 } });
  await expect.poll(() => get(page, 'currentTime')).toBeGreaterThan(5);
  await expect.poll(() => get(page, 'currentTime')).toBeLessThan(7);
  expect(await attribute('mediastreamtype')).toBe('on-demand');
  expect(tab.errors).toEqual([]);
});
