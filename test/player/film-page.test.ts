import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { newPageLink } from '../../src/local/new-link.ts';
import { startBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { film } from '../support/film.ts';
import { startOrigin } from '../support/origin.ts';
import { get } from './player-page.ts';

test('the page of a film shows its pictures, and what its policy forbids is nothing of that', async () => {
  await using stack = new AsyncDisposableStack();
  const browser = stack.use(await launchBrowser());
  const origin = await startOrigin(await film({}));
  stack.defer(() => origin.close());
  const baton = stack.use(await startBaton({ allowOrigins: [origin.origin] }));
  const ask = { url: origin.url('/film.mp4'), rendition: { codec: 'mp3', bitrate: '64k' }, name: 'A film' };
  const path = newPageLink(ask, { frames: null, kind: 'file', theme: null, lines: 480 }, baton.keys);
  const { page, errors } = stack.use(await openPage(browser, 'about:blank'));
  const refused: string[] = [];
  page.on('console', (message) => void (/Policy|Refused/i.test(message.text()) && refused.push(message.text())));
  await page.goto(baton.origin + path);
  await page.waitForFunction(() => customElements.get('baton-player') !== undefined);
  await page.evaluate(() => document.querySelector('baton-player')?.play());
  await expect.poll(() => get(page, 'currentTime'), { timeout: 20_000 }).toBeGreaterThan(1);
  expect(await get(page, 'videoHeight')).toBe(180);
  expect(await page.locator('.surface').first().isVisible()).toBe(true);
  expect(await colours(page)).toBeGreaterThan(2);
  expect(await get(page, 'duration')).toBeCloseTo(14, 1);
  expect(errors).toEqual([]);
  expect(refused).toEqual([]);
}, 60_000);

/** How many levels of grey the picture shows. */
const colours = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const video = document.querySelector('baton-player')?.shadowRoot?.querySelector('video');
    const context = new OffscreenCanvas(32, 18).getContext('2d');
    if (video == null || context === null) return 0;
    context.drawImage(video, 0, 0, 32, 18);
    const { data } = context.getImageData(0, 0, 32, 18);
    return new Set(data.filter((_, at) => at % 4 === 0).map((level) => level >> 5)).size;
  });
