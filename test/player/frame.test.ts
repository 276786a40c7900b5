import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import type { connectPlayer, FramedPlayer } from '../../player/frame-client.ts';
import type { FrameMessage } from '../../player/frame-message.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { audioOrigin } from './audio-origin.ts';
import { playerFiles } from './player-page.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

interface Host {
  readonly connectPlayer: typeof connectPlayer;
  readonly framed: FramedPlayer;
  readonly heard: FrameMessage[];
}

/** A page at one origin that frames the player of another. */
async function framed(attributes = 'src="/episode.mp3" title="Framed"') {
  const { mp3, scripts } = await playerFiles();
  const inside = `<!doctype html><html lang="en"><title>Inside</title><script type="module" src="/player/frame.js"></script>
    <baton-player ${attributes}></baton-player></html>`;
  const player = await audioOrigin(mp3, { ...scripts, '/embed': inside });
  const outside = `<!doctype html><html lang="en"><title>Outside</title>
    <script>window.heard = []; addEventListener('message', ({ data }) => heard.push(data));</script>
    <iframe title="Player" allow="autoplay"></iframe>
    <script type="module">
      import { connectPlayer } from '/player/frame-client.js';
      window.connectPlayer = connectPlayer;
      const iframe = document.querySelector('iframe');
      iframe.src = '${player.origin}/embed';
      window.framed = await connectPlayer(iframe); // which is empty still
    </script></html>`;
  const host = await audioOrigin(mp3, { ...scripts, '/page': outside });
  const tab = await openPage(browser, 'about:blank');
  const complaints: string[] = [];
  tab.page.on('console', (message) => message.text().includes('postMessage') && complaints.push(message.text()));
  await tab.page.goto(`${host.origin}/page`, { waitUntil: 'commit' });
  await expect.poll(() => tab.page.evaluate(() => 'framed' in window)).toBe(true);
  return {
    ...{ page: tab.page, player, host, complaints },
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]();
      await Promise.all([player[Symbol.asyncDispose](), host[Symbol.asyncDispose]()]);
    },
  };
}

test('a page of another origin steers the player in a frame and hears its events', async () => {
  await using tab = await framed();
  const { page } = tab;
  const result = await page.evaluate(async () => {
    const { framed: player } = window as unknown as Host;
    const events: string[] = [];
    for (const name of ['playing', 'pause', 'seeked', 'ratechange', 'volumechange'])
      player.on(name, (state) => events.push(`${name} ${String(state.paused)}`));
    const advanced = new Promise<number>((resolve) => {
      player.on('timeupdate', ({ currentTime }) => currentTime > 5.2 && resolve(currentTime));
    });
    while ((await player.get('duration')) === null) await new Promise((resolve) => setTimeout(resolve, 50));
    await player.setVolume(0.3);
    await player.setMuted(true);
    await player.seek(5);
    await player.play();
    const at = await advanced;
    await player.setRate(2);
    await player.pause();
    const wrong = await player.seek(Number.NaN).catch((error: unknown) => (error as Error).message);
    const secret = await player.get('currentSrc').catch((error: unknown) => (error as Error).name);
    return { at, wrong, secret, events, state: await player.get('state') };
  });
  expect(result.at).toBeGreaterThan(5.2);
  expect(result.state).toMatchObject({ paused: true, volume: 0.3, muted: true, playbackRate: 2, episode: 0 });
  expect(result.events).toEqual(expect.arrayContaining(['playing false', 'pause true', 'volumechange true']));
  expect([result.wrong, result.secret]).toEqual(['A number is needed', 'TypeError']);
  expect(tab.complaints).toEqual([]);
});

test('another episode can be loaded, from the web only, and a frame that is loaded anew is found again', async () => {
  await using tab = await framed();
  const { page } = tab;
  const src = `${tab.player.origin}/other.mp3`;
  const refused = await page.evaluate(async (address) => {
    const { framed: player } = window as unknown as Host;
    await player.load({ title: 'Another one', sources: [{ src: address }] });
    return player.load('javascript:alert(1)').catch((error: unknown) => (error as Error).message);
  }, src);
  expect(refused).toMatch(/http/);
  await page.frameLocator('iframe').getByText('Another one').waitFor();
  await page.evaluate(
    (address) => document.querySelector('iframe')?.setAttribute('src', address),
    `${tab.player.origin}/embed`,
  );
  await page.frameLocator('iframe').getByText('Framed').waitFor();
  const again = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const { framed: player } = window as unknown as Host;
        player.on('volumechange', ({ volume }) => resolve(volume));
        void player.setVolume(0.7);
      }),
  );
  expect(again).toBe(0.7);
});

test('what is played as soon as it is loaded is what plays', async () => {
  await using tab = await framed();
  await tab.page.evaluate(async (address) => {
    const { framed: player } = window as unknown as Host;
    await player.load(address);
    await player.play();
  }, `${tab.player.origin}/other.mp3`);
  const state = () =>
    tab.page
      .frameLocator('iframe')
      .locator('baton-player')
      .evaluate((player: HTMLMediaElement) => [player.currentSrc, player.paused, player.currentTime > 0.3]);
  await expect.poll(state).toEqual([`${tab.player.origin}/other.mp3`, false, true]);
});

test('a page with a list goes to another of its episodes, and says so', async () => {
  const list = ['One', 'Two'].map((title) => ({ title, sources: [{ src: '/episode.mp3' }] }));
  await using tab = await framed(`playlist='${JSON.stringify(list)}'`);
  await tab.page.frameLocator('iframe').getByText('One').waitFor();
  const heard = await tab.page.evaluate(async () => {
    const { framed: player } = window as unknown as Host;
    const changed = new Promise((resolve) => player.on('episodechange', ({ episode }) => resolve(episode)));
    await player.setEpisode(1);
    return changed;
  });
  expect(heard).toBe(1);
  await tab.page.frameLocator('iframe').getByText('Two').waitFor();
});

test('only the parent is listened to; what is not asked for goes to nobody but says hello', async () => {
  await using tab = await framed();
  const { page } = tab;
  const heard = await page.evaluate(() => (window as unknown as Host).heard);
  expect(heard[0]).toEqual({ source: 'baton-player', version: 1, type: 'ready', baton: 'ready' });
  expect(JSON.stringify(heard)).not.toContain('episode.mp3');

  const frame = page.frames().find((candidate) => candidate.url().endsWith('/embed'));
  await frame?.evaluate(() => {
    const command = { source: 'baton-player', version: 1, type: 'command', id: 1, name: 'volume', value: 0.1 };
    window.postMessage(command, '*'); // from the framed page itself, not from around it
  });
  await page.evaluate(() => {
    const { contentWindow } = document.querySelector('iframe') ?? {};
    const command = { source: 'baton-player', type: 'command', name: 'volume', value: 0.1 };
    for (const version of [0, 2]) contentWindow?.postMessage({ ...command, version }, '*');
    contentWindow?.postMessage({ ...command, source: 'other', version: 1 }, '*');
  });
  await page.waitForTimeout(100);
  const volume = await page.evaluate(() => (window as unknown as Host).framed.get('volume'));
  expect(volume).toBe(1);
  const name = await page.evaluate(async () => {
    const empty = document.createElement('iframe');
    document.body.append(empty);
    const { connectPlayer: connect } = window as unknown as Host;
    return connect(empty, { origin: '*', timeoutMs: 500 }).catch((error: unknown) => (error as Error).name);
  });
  expect(name).toBe('TimeoutError');
});
