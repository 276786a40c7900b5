import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { demoBreaks } from '../../src/local/demo-breaks.ts';
import { startDemoOrigin } from '../../src/local/demo-origin.ts';
import { startServer } from '../../src/local/server.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { testEngine, testKeys } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { film as testFilm } from '../support/film.ts';
import { source } from '../support/sources.ts';

const RATE = 25;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser(['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream']);
});
afterAll(() => browser.close());

test('the film of the demo page shows the frame that is due, and plays to its end', async () => {
  await using demo = await startDemo();
  await using tab = await openPage(browser, `${demo.origin}/`);
  const { page } = tab;
  const player = page.locator('baton-player#film[src]');
  await player.getByRole('button', { name: 'Play' }).click();
  const seen = (): Promise<{ time: number; frame: number } | null> => page.evaluate(readFrame);
  for (const due of [2, 7]) {
    await expect.poll(async () => (await seen())?.time ?? 0, { timeout: 20_000 }).toBeGreaterThan(due);
    const { time = 0, frame = 0 } = (await seen()) ?? {};
    expect(Math.abs(frame / RATE - time)).toBeLessThan(0.2);
  }
  await player.evaluate((element) => ((element as HTMLMediaElement).currentTime = 12.5));
  await expect.poll(() => player.evaluate((element) => (element as HTMLMediaElement).ended)).toBe(true);
  expect((await seen())?.frame).toBe(14 * RATE - 1);
  expect(tab.errors).toEqual([]);
}, 60_000);

test('what is said on the studio page is heard on the listener page, and recorded when it is over', async () => {
  await using demo = await startDemo();
  await using tab = await openPage(browser, `${demo.origin}/studio`);
  const studio = tab.page.locator('baton-studio');
  const listener = (await tab.page.getByText('Listener page').locator('+ dd a').getAttribute('href')) ?? '';
  await studio.getByRole('button', { name: 'Go on air' }).click();
  await studio.getByText('On air', { exact: true }).waitFor();
  await using other = await openPage(browser, listener);
  await other.page
    .locator('baton-player')
    .getByRole('button', { name: /^(Play|Back to live)$/ })
    .first()
    .click();
  const heard = (): Promise<number> =>
    other.page.locator('baton-player').evaluate((element) => (element as HTMLMediaElement).currentTime);
  await expect.poll(heard, { timeout: 15_000 }).toBeGreaterThan(1);
  await studio.getByRole('button', { name: 'Stop' }).click();
  const recorded = (): Promise<string> =>
    studio.evaluate(
      (element) => (element as unknown as { recording: { audio: string } | null }).recording?.audio ?? '',
    );
  await expect.poll(recorded, { timeout: 10_000 }).toMatch(/\.mp3$/);
  const { status, headers } = await fetch(new URL(await recorded(), demo.origin), { method: 'HEAD' });
  expect(status).toBe(200);
  expect(Number(headers.get('content-length'))).toBeGreaterThan(16_000); // a second of 128 kbit/s
  expect([...tab.errors, ...other.errors]).toEqual([]);
}, 60_000);

/** A server with the demo on it; its episode and its film are short ones. */
async function startDemo(): Promise<{ readonly origin: string } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'baton-demo-film-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const put = async (name: string, bytes: Uint8Array): Promise<string> => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };
  const { bytes } = await source('chapters.mp3', { seconds: 20 });
  const texts = { title: 'A', artist: 'B', album: 'C', durationMs: 20_000 };
  const cover = { mime: 'image/png', bytes: Uint8Array.of(1) } as const;
  const episode = { ...texts, file: await put('a.mp3', bytes), bytes: bytes.length, chapters: [], cover };
  const pictures = await testFilm();
  const film = { title: 'F', file: await put('f.mp4', pictures), bytes: pictures.length, durationMs: 14_000 };
  const origin = await startDemoOrigin(episode, 0, film);
  stack.defer(() => origin.close());
  const { url: sourceUrl, feedUrl, radioUrl, filmUrl } = origin;
  const breaks = demoBreaks({ failSource: () => undefined, restart: () => undefined });
  const server = await startServer({
    config: { ...readConfig({}), port: 0, allowOrigins: [origin.origin], shutdownMs: 500 },
    demo: { episode, sourceUrl, feedUrl, radioUrl, film: { title: film.title, url: filmUrl ?? '' }, breaks },
    ...{ keys: testKeys(), engine: await testEngine(), store: memoryStore({ maxBytes: 2 ** 24 }) },
    ...{ log: () => undefined, now: Date.now },
  });
  stack.defer(() => server.stop());
  const running = stack.move();
  return { origin: server.origin, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The number that stands in the picture as bits, along the top. */
function readFrame(): { time: number; frame: number } | null {
  const video = document.querySelector('#film')?.shadowRoot?.querySelector('video');
  if (!video || video.videoWidth === 0) return null;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [96, 40];
  const context = canvas.getContext('2d');
  if (context === null) return null;
  context.drawImage(video, 0, 0, 96, 40);
  let frame = 0;
  for (let bit = 0; bit < 12; bit++)
    frame = frame * 2 + Number((context.getImageData(bit * 8 + 4, 8, 1, 1).data[0] ?? 0) > 128);
  return { time: video.currentTime, frame };
}
