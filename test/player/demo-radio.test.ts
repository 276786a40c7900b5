import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { demoBreaks } from '../../src/local/demo-breaks.ts';
import { startDemoOrigin } from '../../src/local/demo-origin.ts';
import { startServer } from '../../src/local/server.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { testEngine, testKeys } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { source } from '../support/sources.ts';

const isFull = process.env['BATON_FULL'] === '1';
const [LEG_MS, HANDOVERS, LIMIT_MS] = isFull ? [30_000, 20, 700_000] : [5000, 3, 50_000];
const MB = 2 ** 20;

test('the radio of the demo page goes from leg to leg and loses nothing; page and server do not grow', async () => {
  await using stack = new AsyncDisposableStack();
  const browser = await launchBrowser();
  stack.defer(() => browser.close());
  const folder = await mkdtemp(join(tmpdir(), 'baton-demo-radio-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const { bytes } = await source('chapters.mp3', { seconds: 20 });
  const file = join(folder, 'episode.mp3');
  await writeFile(file, bytes);
  const chapters = [{ title: 'First', startMs: 0, endMs: 20_000 }];
  const cover = { mime: 'image/png', bytes: Uint8Array.of(1) } as const;
  const texts = { title: 'A', artist: 'B', album: 'C', durationMs: 20_000 };
  const episode = { ...texts, file, bytes: bytes.length, chapters, cover };
  const origin = await startDemoOrigin(episode);
  stack.defer(() => origin.close());
  const breaks = demoBreaks({ failSource: (ms) => origin.fail(ms), restart: () => undefined });
  const server = await startServer({
    config: { ...readConfig({}), port: 0, allowOrigins: [origin.origin], liveLegMs: LEG_MS, shutdownMs: 500 },
    demo: { episode, sourceUrl: origin.url, feedUrl: origin.feedUrl, radioUrl: origin.radioUrl, film: null, breaks },
    ...{ keys: testKeys(), engine: await testEngine(), store: memoryStore({ maxBytes: 8 * MB }) },
    ...{ log: () => undefined, now: Date.now },
  });
  stack.defer(() => server.stop());
  await using tab = await openPage(browser, `${server.origin}/`);
  const { page } = tab;
  await page.locator('baton-player#radio[src]').waitFor();
  await page.locator('#radio').getByRole('button', { name: 'Back to live' }).click();
  const log = page.locator('#radio-log');
  await log.getByText('now playing: B – First').first().waitFor();
  const handovers = () => log.getByText('handed over to the next leg').count();
  await expect.poll(handovers, { timeout: LIMIT_MS }).toBeGreaterThanOrEqual(isFull ? 3 : 1);
  const stallsAtFirst = (await stats(page))['stalls'];
  const before = await memory(page);
  await expect.poll(handovers, { timeout: LIMIT_MS, interval: 500 }).toBeGreaterThanOrEqual(HANDOVERS);
  const after = await memory(page);
  const { stalls, damagedMs, retries } = await stats(page);
  console.log({ handovers: await handovers(), stalls, stallsAtFirst, damagedMs, retries, before, after });
  expect({ stalls, damagedMs, retries }).toEqual({ stalls: stallsAtFirst, damagedMs: 0, retries: 0 });
  expect(await page.locator('#radio-lost').textContent()).toMatch(/^0 ms/);
  expect(await page.locator('#radio-handovers').textContent()).toMatch(RegExp(`^${await handovers()}`));
  expect(after.pageMB - before.pageMB).toBeLessThan(8);
  expect(after.serverMB - before.serverMB).toBeLessThan(64);
  expect(tab.errors).toEqual([]);
}, 800_000);

const stats = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(() => (document.querySelector('#radio') as unknown as { stats: Record<string, number> }).stats);

/** Of the page what is left after tidying up; of the server, which runs in this process, all it has. */
async function memory(page: Page): Promise<{ readonly pageMB: number; readonly serverMB: number }> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  await devtools.detach();
  return { pageMB: usedSize / MB, serverMB: process.memoryUsage().rss / MB };
}
