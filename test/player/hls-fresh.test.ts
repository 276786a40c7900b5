import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { hlsLink } from '../support/hls.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { hlsPage, type Playing } from './hls-page.ts';
import type { Restartable } from './restartable.ts';

/** Beyond what the first playlist lists. */
const SECONDS = 11;
/** Behind a playlist of one segment Shaka stands for as long as that is, and leaves the next one out. */
const MOST_STOOD = 2;

let browser: Browser;
let page: Restartable;

beforeAll(async () => {
  browser = await launchBrowser();
  page = await hlsPage();
});
afterAll(async () => {
  await browser.close();
  await page[Symbol.asyncDispose]();
});

const playing = (tab: Page): Promise<Playing> => tab.evaluate('playing()');

const isFull = process.env['BATON_FULL'] === '1';
test.each([
  ['shaka', 0],
  ...(isFull
    ? ([
        ['hls.js', 0],
        ['hls.js', 65_536],
        ['shaka', 65_536],
        ['shaka', 240_000],
      ] as const)
    : []),
] as const)(
  '%s hears a channel that nobody heard before without a pause (burst of %i bytes)',
  async (player, burst) => {
    const program = await radioProgram('mp3-128k', { seconds: 60 });
    await using radio = await startRadio(program, { behaviour: { burstBytes: burst } });
    await using baton = await startBaton({ allowOrigins: [radio.origin] });
    await using tab = await openPage(browser, page.origin);
    const link = hlsLink(baton, radio.url(), 'mode.live~bitrate.96k');
    await tab.page.evaluate(`begin(${JSON.stringify(player)}, ${JSON.stringify(link)})`);
    await expect.poll(async () => (await playing(tab.page)).time, { timeout: 40_000 }).toBeGreaterThan(SECONDS);
    const { errors, stood, buffered } = await playing(tab.page);
    expect([...errors, ...tab.errors]).toEqual([]);
    expect(stood).toBeLessThan(MOST_STOOD);
    expect(buffered).toHaveLength(1);
    expect(buffered[0]?.[0]).toBeLessThan(0.1);
  },
);
