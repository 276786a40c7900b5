import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BatonPlayer } from '../../player/element/baton-player.ts';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { TITLES } from '../support/fixture-encode.ts';
import { startOrigin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const embed = ({ origin, keys }: TestBaton, url: string, options: string): string =>
  origin + publicLink({ kind: 'embed', options, source: url, name: 'episode.html' }, keys);

/** What the browser refused to do for the page's policy. */
function violations(page: Page): string[] {
  const said: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/i.test(message.text())) said.push(message.text());
  });
  return said;
}

const player = (page: Page) => page.locator('baton-player');
const read = <T>(page: Page, use: (player: BatonPlayer) => T): Promise<T> =>
  player(page).evaluate(use as unknown as (element: Element) => T);

test('plays as a framed stream, with what the page learns later, and nothing that its policy forbids', async () => {
  const { bytes } = await source('chapters.mp3');
  await using origin = await startOrigin(bytes, { latencyMs: 400 });
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  await using tab = await openPage(browser, 'about:blank');
  const refused = violations(tab.page);
  await tab.page.goto(`${embed(baton, origin.url(), 'codec.mp3~bitrate.64k')}#t=5`, { waitUntil: 'commit' });
  await expect.poll(() => tab.page.title(), { timeout: 10_000 }).toBe(TITLES.title);
  await read(tab.page, (element) => element.play());
  await expect.poll(() => read(tab.page, (element) => element.currentTime), { timeout: 15_000 }).toBeGreaterThan(5.5);
  const seen = await read(tab.page, ({ stats, chapters, duration, currentSrc }) => ({
    ...{ engine: stats.engine, chapters: chapters.length, duration, currentSrc },
  }));
  expect(seen).toMatchObject({ engine: 'framed' });
  expect(seen.chapters).toBeGreaterThan(1);
  expect(seen.duration).toBeCloseTo(20, 0);
  expect(seen.currentSrc).toMatch(/\.mp4$/);
  expect(await player(tab.page).getAttribute('artist')).toBe(TITLES.artist);
  expect(refused).toEqual([]);
  expect(tab.errors).toEqual([]);
});

test('a failure that passes is said only until it has passed', async () => {
  const { bytes } = await source('chapters.mp3');
  await using origin = await startOrigin(bytes, { failFirst: { times: 8, status: 503 } });
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  await using tab = await openPage(browser, 'about:blank');
  await tab.page.goto(embed(baton, origin.url(), 'codec.mp3~bitrate.64k'), { waitUntil: 'commit' });
  const notice = tab.page.getByRole('alert').filter({ hasText: 'SOURCE_FAILED' });
  await notice.waitFor();
  expect(await player(tab.page).isVisible()).toBe(true);
  await expect.poll(() => read(tab.page, ({ duration }) => duration), { timeout: 20_000 }).toBeCloseTo(20, 0);
  await expect.poll(() => notice.count()).toBe(0);
});

test('says in the page why nothing can be played', async () => {
  await using origin = await startOrigin(new Uint8Array(), { status: 404 });
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  await using tab = await openPage(browser, embed(baton, origin.url(), 'codec.mp3~bitrate.64k'));
  const notice = tab.page.getByRole('alert').filter({ hasText: 'The source does not exist' });
  await notice.waitFor();
  await expect.poll(() => player(tab.page).isHidden(), { timeout: 10_000 }).toBe(true);
});
