import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBaton, testKeys } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { startOrigin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const SECONDS = 18;
/** Baton tries four times before it tells the player, who asks what is wrong before it tries again: that is failing twice. */
const FAILURES = 2 * 2 * 4;

/** A page elsewhere that embeds the player with one script tag, and writes down where it is. */
const page = (batonOrigin: string, src: string): string => `<!doctype html>
<script type="module" src="${batonOrigin}/player/baton-player.js"></script>
<baton-player src="${src}" title="Episode"></baton-player>
<script>
  const player = document.querySelector('baton-player');
  window.places = [];
  window.happened = [];
  player.addEventListener('timeupdate', () => places.push(player.currentTime));
  for (const type of ['retry', 'recovered', 'failed', 'ended']) player.addEventListener(type, () => happened.push(type));
  customElements.whenDefined('baton-player').then(() => player.play());
</script>`;

interface Recorded {
  readonly places: number[];
  readonly happened: string[];
}

test('a source that fails twice and a restart of Baton in mid-play do not stop the listener', async () => {
  const made = await source('cbr.mp3', { seconds: SECONDS });
  await using origin = await startOrigin(made.bytes, {
    failFirst: { times: FAILURES, status: 503 },
    bytesPerSecond: 16_000,
  });
  const keys = testKeys();
  await using first = await startBaton({ allowOrigins: [origin.origin], keys });
  const src = first.file(origin.url('/episode.mp3'), 'codec.mp3~bitrate.96k');
  const host = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end(page(first.origin, src)),
  );
  await using stack = new AsyncDisposableStack();
  stack.defer(() => void host.close());
  await once(host.listen(0, '127.0.0.1'), 'listening');
  const browser = await launchBrowser();
  stack.defer(() => browser.close());
  await using tab = await openPage(browser, `http://127.0.0.1:${(host.address() as AddressInfo).port}/`);
  const recorded = (): Promise<Recorded> =>
    tab.page.evaluate(() => {
      const { places, happened } = window as unknown as Recorded;
      return { places, happened };
    });

  await expect.poll(async () => (await recorded()).places.at(-1) ?? 0, { timeout: 30_000 }).toBeGreaterThan(1);
  const retriesForSource = (await recorded()).happened.filter((type) => type === 'retry').length;
  expect(retriesForSource).toBeGreaterThanOrEqual(2);

  await first.stop();
  await sleep(700);
  const port = Number(new URL(first.origin).port);
  await using second = await startBaton({ allowOrigins: [origin.origin], keys, config: { port } });
  await expect.poll(async () => (await recorded()).happened.includes('ended'), { timeout: 45_000 }).toBe(true);

  const { places, happened } = await recorded();
  const steps = places.slice(1).map((place, index) => place - (places[index] ?? 0));
  expect(Math.min(...steps)).toBeGreaterThan(-0.3);
  expect(Math.max(...steps)).toBeLessThan(1);
  expect(places.at(-1)).toBeCloseTo(SECONDS, 0);
  expect(happened).not.toContain('failed');
  expect(second.usage.some(({ bytes, range }) => bytes > 1000 && range !== 'bytes=0-')).toBe(true);
  expect(tab.errors).toEqual([]);
}, 120_000);
