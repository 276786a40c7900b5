import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { audioOrigin, makeMp3 } from './audio-origin.ts';
import type { AudioOrigin } from './audio-origin.ts';

const COVER = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 300"><rect width="300" height="300" fill="#134e4a"/>
  <circle cx="205" cy="95" r="46" fill="#fbd38d"/><path d="M0 200 90 120l70 70 50-40 90 80v70H0z" fill="#0f766e"/>
  <path d="M0 250 110 190l80 60 60-30 50 40v40H0z" fill="#042f2e"/></svg>`;

const OPTIONS = [
  'codec.mp3~bitrate.64k~channels.mono',
  'codec.mp3~bitrate.96k',
  'codec.mp3~bitrate.128k',
  'codec.mp3~bitrate.192k',
  'codec.copy',
];
const LABELS = ['MP3 64k mono', 'MP3 96k', 'MP3 128k', 'MP3 192k', 'Original, relayed'];

const FEED = '<rss>\n<title>Show</title>\n<enclosure url="http://demo/episode.mp3"/>\n</rss>\n';

let browser: Browser;
let mp3: Buffer;
let files: Record<string, string>;

beforeAll(async () => {
  [browser, files] = await Promise.all([launchBrowser(), pageFiles()]);
  mp3 = makeMp3();
});
afterAll(() => browser.close());

test('the demo page shows exact sizes and waits under a strict policy, and asks nobody else', async () => {
  await using origin = await start();
  await using tab = await openPage(browser, 'about:blank');
  const { page } = tab;
  const hosts = new Set<string>();
  const complaints: string[] = [];
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(`${origin.origin}/demo`);
  await page
    .locator('#size')
    .getByText(`${mp3.length.toLocaleString('en')} bytes`)
    .waitFor();
  await page.locator('#legend').getByText('38 ms').waitFor();
  await page.getByText('The first chunk was encoded just now.').waitFor();
  expect(await page.locator('#duration').textContent()).toMatch(/^0:12/);
  expect(await page.locator('#share dd').allTextContents()).toEqual([
    `${origin.origin}/file/1/episode.mp3`,
    `curl -o episode.mp3 ${origin.origin}/file/1/episode.mp3`,
    expect.stringContaining(
      `<script type="module" src="${origin.origin}/player/baton-player.js"></script>\n<baton-player`,
    ),
    expect.stringContaining(`<iframe src="${origin.origin}/embed/1/player.html"`),
  ]);
  expect([...hosts].filter((host) => host !== '')).toEqual([new URL(origin.origin).host]);
  expect([...tab.errors, ...complaints]).toEqual([]);
});

test('another rendition goes on where the first one was', async () => {
  await using origin = await start();
  await using tab = await openPage(browser, `${origin.origin}/demo`);
  const { page } = tab;
  await page.locator('baton-player#player[src]').waitFor();
  await page.locator('#player').getByRole('button', { name: 'Play' }).click();
  const time = () => page.evaluate(() => document.querySelector<HTMLMediaElement>('#player')?.currentTime ?? 0);
  await expect.poll(time, { timeout: 5000 }).toBeGreaterThan(1);
  await page.getByText('MP3 192k').click();
  await page.locator('baton-player#player[src="/file/4/episode.mp3"]').waitFor();
  const at = await time();
  expect(at).toBeGreaterThan(1);
  await expect.poll(time, { timeout: 5000 }).toBeGreaterThan(at + 0.5);
});

test('a pasted address is linked and played, and what is wrong with one is told in words', async () => {
  await using origin = await start();
  await using tab = await openPage(browser, `${origin.origin}/demo`);
  const { page } = tab;
  const paste = async (url: string) => {
    await page.getByLabel('Address of an audio or video file').fill(url);
    await page.locator('#submit').click();
  };
  await page.locator('baton-player#player[src]').waitFor();
  await paste('episode');
  await page.getByText('That is not a full address.').waitFor();

  const message = 'This source address is not allowed: only public http and https addresses are.';
  await page.route('**/api/link', (route) => route.fulfill({ status: 403, json: { code: 'SOURCE_REFUSED', message } }));
  await paste('http://10.0.0.1/a.mp3');
  await page.getByText(message).waitFor();

  const [sent] = await Promise.all([
    page.waitForRequest('**/api/link'),
    page.unroute('**/api/link').then(() => paste('https://example.org/shows/one.m4a')),
  ]);
  expect(sent.postDataJSON()).toEqual({
    url: 'https://example.org/shows/one.m4a',
    codec: 'mp3',
    bitrate: '64k',
    channels: 'mono',
  });
  await page.locator('baton-player#player[title="one.m4a"][src="/file/own/one.mp3"]').waitFor();
  await page.getByRole('button', { name: 'Back to the demo episode' }).click();
  await page.locator('baton-player#player[src="/file/1/episode.mp3"]').waitFor();
});

test('what differs in the relayed feed stands out, on both sides', async () => {
  await using origin = await start();
  await using tab = await openPage(browser, `${origin.origin}/demo`);
  await tab.page.locator('#after .changed').waitFor();
  expect(await tab.page.locator('#before .changed').allTextContents()).toEqual([
    '<enclosure url="http://demo/episode.mp3"/>\n',
  ]);
  expect(await tab.page.locator('#after .changed').allTextContents()).toEqual([
    '<enclosure url="http://baton/file/1/episode.mp3"/>\n',
  ]);
  expect(await tab.page.locator('#feed-url').textContent()).toBe(`${origin.origin}/feed/1/feed.xml`);
});

test('what is broken is said, and what the players do about it', async () => {
  await using origin = await start();
  await using tab = await openPage(browser, `${origin.origin}/demo`);
  const { page } = tab;
  await page.locator('#breaks').getByRole('button', { name: 'Kill ffmpeg' }).click();
  await page.locator('#log').getByText('One encoder was killed.').waitFor();
  await page.locator('#framed').evaluate((player) => player.dispatchEvent(new CustomEvent('handover')));
  await page.locator('#log').getByText('handed over to the next leg, at 0:00').waitFor();
});

function start(): Promise<AudioOrigin> {
  return audioOrigin(mp3, files);
}

async function pageFiles(): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    entryPoints: { 'player/baton-player': 'player/baton-player.ts', 'player/demo': 'player/demo/demo.ts' },
    bundle: true,
    format: 'esm',
    outdir: '/',
    write: false,
  });
  const artwork = `data:image/svg+xml,${encodeURIComponent(COVER)}`;
  const demo = {
    episode: {
      title: 'Rising, slowly',
      artist: 'Baton, a machine',
      artwork,
      sourceUrl: 'http://demo/episode.mp3',
      sourceBytes: 300_000,
    },
    renditions: OPTIONS.map((options, i) => ({
      label: LABELS[i],
      url: `/file/${i + 1}/episode.mp3`,
      embedUrl: `/embed/${i + 1}/player.html`,
      options,
    })),
    framed: [{ url: '/file/framed/episode.mp4', type: 'audio/mp4; codecs="mp4a.40.2"' }],
    film: null,
    radio: { name: 'A radio', url: '/live/a/b/c/radio.mp4', embedUrl: '/embed/radio/radio.html' },
    feed: { sourceUrl: 'http://demo/feed.xml', url: '/feed/1/feed.xml', embedUrl: '/embed/list/list.html' },
  };
  return {
    '/demo': await readFile('player/demo/page.html', 'utf8'),
    '/demo/page.css': await readFile('player/demo/page.css', 'utf8'),
    '/api/demo': JSON.stringify(demo),
    '/api/feed': JSON.stringify({ text: FEED }),
    '/api/break': JSON.stringify({ said: 'One encoder was killed.' }),
    '/feed/1/feed.xml': FEED.replace('http://demo/episode.mp3', 'http://baton/file/1/episode.mp3'),
    '/embed/list/list.html': '<!doctype html><title>The list</title>',
    '/api/link': JSON.stringify({ url: '/file/own/one.mp3', embedUrl: '/embed/own/player.html', options: OPTIONS[0] }),
    ...Object.fromEntries(outputFiles.map(({ path, text }) => [path, text])),
  };
}
