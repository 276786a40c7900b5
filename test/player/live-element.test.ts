import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { launchBrowser, openPage } from '../support/browser.ts';
import { axe } from './axe.ts';
import { startChannel } from './channel.ts';
import { get, playerOrigin, set } from './player-page.ts';

const CHIRP = { seconds: 60 };

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const shown = (page: Page, part: string): Promise<string> =>
  page.evaluate(
    (name) => document.querySelector('baton-player')?.shadowRoot?.querySelector(name)?.textContent ?? '',
    part,
  );

test.concurrent(
  'a channel has a badge, what is on now, a way back and forth, and is no longer one when a file is',
  async ({ expect }) => {
    await using channel = await startChannel(CHIRP);
    await using origin = await playerOrigin('<div style="width:340px"><baton-player></baton-player></div>');
    await using tab = await openPage(browser, `${origin.origin}/page`);
    const { page } = tab;
    channel.radio.title('The Band - The Song');
    await page.evaluate((src) => {
      const player = document.querySelector('baton-player');
      const told: string[] = [];
      Object.assign(globalThis, { told });
      for (const type of ['streamtypechange', 'targetlivewindowchange'])
        player?.addEventListener(type, () => told.push(type));
      player?.setAttribute('src', src);
    }, channel.src);
    expect(await get(page, 'streamType')).toBe('live');
    expect(await get(page, 'targetLiveWindow')).toBe(Infinity);
    expect(await page.evaluate(() => Reflect.get(globalThis, 'told') as unknown)).toEqual([
      'streamtypechange',
      'targetlivewindowchange',
    ]);
    await page.getByRole('button', { name: 'Back to live' }).click();
    await page.getByRole('button', { name: 'Live', exact: true }).waitFor();
    await page.getByText('The Song').waitFor();
    await page.getByText('The Band').waitFor();
    expect(await shown(page, '.chapter')).toBe('Test station');
    expect(await get(page, 'duration')).toBe(Infinity);
    expect(await get(page, 'liveEdgeStart')).not.toBeNaN();
    const system = () =>
      page.evaluate(() => {
        const { title, artist, album } = navigator.mediaSession.metadata ?? {};
        return { title, artist, album };
      });
    await expect
      .poll(system, { timeout: 10_000 })
      .toEqual({ title: 'The Song', artist: 'The Band', album: 'Test station' });

    await expect.poll(() => get(page, 'currentTime'), { timeout: 15_000 }).toBeGreaterThan(9);
    const slider = page.getByRole('slider', { name: 'Position' });
    await slider.focus();
    await page.keyboard.press('Home');
    await page.getByRole('button', { name: 'Back to live' }).waitFor();
    await expect.poll(() => shown(page, '.elapsed')).toMatch(/^-0:/);
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/seconds? behind live$/);
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('End');
    await page.getByRole('button', { name: 'Live', exact: true }).waitFor();
    expect(await axe(page)).toEqual([]);

    await set(page, 'src', '/a.mp3');
    await expect.poll(() => get(page, 'streamType')).toBe('on-demand');
    await expect.poll(() => page.getByRole('button', { name: /live/i }).count()).toBe(0);
    await expect.poll(() => shown(page, '.total')).toBe('0:12');
    expect(tab.errors).toEqual([]);
  },
  60_000,
);

test.concurrent(
  'put back into the page it finds a channel that has begun anew meanwhile',
  async ({ expect }) => {
    await using channel = await startChannel(CHIRP);
    await using origin = await playerOrigin(`<baton-player src="${channel.src}"></baton-player>`);
    await using tab = await openPage(browser, `${origin.origin}/page`);
    const { page } = tab;
    await page.getByRole('button', { name: 'Play' }).click();
    await expect.poll(() => get(page, 'currentTime'), { timeout: 25_000 }).toBeGreaterThan(14);
    await page.evaluate(() => {
      const player = document.querySelector('baton-player');
      Object.assign(globalThis, { player });
      player?.remove();
    });
    await channel.restart(true);
    await page.evaluate(() => {
      const { player } = globalThis as unknown as { player: HTMLMediaElement };
      document.querySelector('main')?.append(player);
      void player.play();
    });
    await expect.poll(() => get(page, 'currentTime'), { timeout: 10_000 }).toBeLessThan(10);
    const begin = (await get(page, 'currentTime')) as number;
    await expect.poll(() => get(page, 'currentTime'), { timeout: 10_000 }).toBeGreaterThan(begin + 0.5);
    expect(tab.errors).toEqual([]);
  },
  60_000,
);

test.concurrent(
  'the live controls of Media Chrome work around it',
  async ({ expect }) => {
    const entry = { contents: "import 'media-chrome';", resolveDir: import.meta.dirname };
    const { outputFiles } = await build({ stdin: entry, bundle: true, format: 'esm', minify: true, write: false });
    await using channel = await startChannel(CHIRP);
    const body = `<script type="module" src="/media-chrome.js"></script><media-controller audio>
    <baton-player slot="media" no-ui src="${channel.src}"></baton-player>
    <media-control-bar><media-play-button></media-play-button><media-live-button></media-live-button></media-control-bar>
    </media-controller>`;
    await using origin = await playerOrigin(body, { '/media-chrome.js': outputFiles[0]?.text ?? '' });
    await using tab = await openPage(browser, `${origin.origin}/page`);
    const { page } = tab;
    const attribute = (name: string) =>
      page.evaluate((it) => document.querySelector('media-controller')?.getAttribute(it) ?? null, name);
    await expect.poll(() => attribute('mediastreamtype')).toBe('live');
    await page.locator('media-play-button').click();
    await expect.poll(() => attribute('mediatimeislive'), { timeout: 10_000 }).toBe('');
    await expect.poll(() => get(page, 'currentTime'), { timeout: 15_000 }).toBeGreaterThan(8);
    await set(page, 'currentTime', 0);
    await expect.poll(() => attribute('mediatimeislive'), { timeout: 10_000 }).toBeNull();
    await page.locator('media-live-button').click();
    await expect.poll(() => attribute('mediatimeislive'), { timeout: 10_000 }).toBe('');
    expect(await get(page, 'paused')).toBe(false);
    expect(tab.errors).toEqual([]);
  },
  60_000,
);

test.concurrent(
  'the page of a channel plays it, and asks the station nothing before',
  async ({ expect }) => {
    await using channel = await startChannel(CHIRP);
    await using tab = await openPage(browser, 'about:blank');
    const { page } = tab;
    const refused: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/i.test(message.text())) refused.push(message.text());
    });
    await page.goto(channel.embed);
    await expect.poll(() => get(page, 'streamType')).toBe('live');
    expect(await page.title()).toBe('a radio');
    expect(channel.radio.requests).toEqual([]);
    await page.getByRole('button', { name: 'Play' }).click();
    await page.getByRole('button', { name: 'Live', exact: true }).waitFor();
    await expect.poll(() => get(page, 'currentTime')).toBeGreaterThan(1);
    expect([...tab.errors, ...refused]).toEqual([]);
  },
  60_000,
);
