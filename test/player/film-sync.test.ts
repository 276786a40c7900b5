import { expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { film } from '../support/film.ts';
import { startOrigin } from '../support/origin.ts';
import { filmScene } from './film-scene.ts';
import { apart, watched, watchFlashes } from './flashes.ts';
import { get } from './player-page.ts';

test('a flash and its beep are less than 20 ms apart in the player, across legs', async () => {
  await using browser = await launchBrowser();
  const origin = await startOrigin(await film({}));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => origin.close());
  await using scene = await filmScene(browser, origin, 4000);
  const { page } = scene;
  await page.waitForFunction(() => document.querySelector('baton-player')?.shadowRoot?.querySelector('video') != null);
  await watchFlashes(page);
  await page.evaluate(() => document.querySelector('baton-player')?.play());
  await expect.poll(() => get(page, 'ended'), { timeout: 40_000 }).toBe(true);
  const { legs } = (await get(page, 'stats')) as { legs: readonly unknown[] };
  expect(legs.length).toBeGreaterThan(2);
  const differences = apart(await watched(page));
  expect(differences.length).toBeGreaterThanOrEqual(10);
  expect(Math.max(...differences)).toBeLessThan(0.02);
}, 90_000);
