import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { hlsLink, readMedia } from '../support/hls.ts';
import { filmChannel } from '../live/film-channel.ts';
import { apart, watched, watchFlashes } from './flashes.ts';
import type { HlsGlobal, ShakaGlobal } from './played-to-end.ts';

const SCRIPTS = { 'hls.js': 'hls.js/dist/hls.min.js', shaka: 'shaka-player/dist/shaka-player.compiled.js' } as const;
type Player = keyof typeof SCRIPTS;

const isFull = process.env['BATON_FULL'] === '1';
/** Of which the channel does not come to the end within a test. */
const FILM_SECONDS = 60;
const FLASHES = 10;

test.each<[Player, number]>([
  ['hls.js', 480],
  ...(isFull
    ? ([
        ['hls.js', 144],
        ['shaka', 480],
        ['shaka', 144],
      ] satisfies [Player, number][])
    : []),
])(
  '%s plays the pictures of a channel (%d lines) with their sound',
  async (player, lines) => {
    await using browser = await launchBrowser();
    await using channel = await filmChannel('ts', FILM_SECONDS);
    await using baton = await startBaton({ allowOrigins: [channel.origin.origin] });
    const link = hlsLink(baton, channel.url, `mode.live~bitrate.64k~video.${lines}p`);
    const listed = async (): Promise<number> => {
      const both = await Promise.all(['a64', `v${lines}`].map((track) => readMedia(`${link}/${track}.m3u8`)));
      return Math.min(...both.map(({ segments }) => segments.length));
    };
    await expect.poll(listed, { timeout: 40_000, interval: 1_000 }).toBeGreaterThanOrEqual(4); // as when others watch
    await using opened = await openPage(browser, `${baton.origin}/healthz`);
    const { page } = opened;
    await page.addScriptTag({ content: readFileSync(join(MODULES, SCRIPTS[player]), 'utf8') });
    await page.evaluate(begin, { link, player });
    await watchFlashes(page);
    await expect
      .poll(async () => (await watched(page)).flashes.length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(FLASHES);
    const differences = apart(await watched(page)).sort((a, b) => a - b);
    // A busy browser leaves a frame out now and then, and a flash is seen one later.
    expect(differences[differences.length >> 1]).toBeLessThan(0.02);
    expect(await page.evaluate(() => (globalThis as unknown as Faulty).faults)).toEqual([]);
    expect(opened.errors).toEqual([]);
  },
  120_000,
);

const MODULES = join(import.meta.dirname, '../../node_modules');

interface Faulty {
  faults: unknown[];
}

/** In the page, where both players come as globals. What makes a player wait for a moment is no fault. */
async function begin({ link, player }: { link: string; player: string }): Promise<void> {
  const { Hls, shaka } = globalThis as unknown as { Hls: HlsGlobal; shaka: ShakaGlobal };
  const faults: unknown[] = ((globalThis as unknown as Faulty).faults = []);
  const video = document.createElement('video');
  document.body.replaceChildren(video);
  if (player === 'hls.js') {
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, { details, fatal }) => {
      if (fatal || !/bufferStalledError|bufferSeekOverHole|bufferNudgeOnStall/.test(details))
        faults.push([details, fatal]);
    });
    hls.loadSource(link);
    hls.attachMedia(video);
  } else {
    const shown = new shaka.Player();
    shown.addEventListener('error', ({ detail }) => faults.push(detail.code));
    await shown.attach(video);
    await shown.load(link);
  }
  void video.play().catch((error: unknown) => faults.push(String(error)));
}
