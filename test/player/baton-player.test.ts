import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import type { RetryDetail } from '../../player/core/outage-detail.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { EPISODE_SECONDS, audioOrigin, makeMp3 } from './audio-origin.ts';
import type { AudioOrigin, Seen } from './audio-origin.ts';

let browser: Browser;
let mp3: Buffer;
let script: string;

beforeAll(async () => {
  [browser, script] = await Promise.all([launchBrowser(), bundle()]);
  mp3 = makeMp3();
});
afterAll(() => browser.close());

test('it plays, tells the time in words, and ends', async () => {
  await using origin = await start();
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  await page.getByRole('button', { name: 'Play' }).click();
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('3');
  await heard(page, 0.5);

  const slider = page.getByRole('slider', { name: 'Position' });
  expect(await slider.getAttribute('aria-valuetext')).toMatch(/^\d+ seconds? of 12 seconds$/);
  expect(await player(page, 'duration')).toBeCloseTo(EPISODE_SECONDS, 0);
  await expect.poll(() => player(page, 'ended'), { timeout: 10_000 }).toBe(true);
  expect(await page.getByRole('button', { name: 'Play' }).count()).toBe(1);
  expect(await events(page)).toEqual(expect.arrayContaining(['play', 'playing', 'timeupdate', 'pause', 'ended']));
  expect(tab.errors).toEqual([]);
});

test('a source that fails twice plays all the same', async () => {
  await using origin = await start();
  let left = 2;
  origin.fault = (seen) => (isProbe(seen) || left-- <= 0 ? null : { status: 503 });
  await using tab = await openPage(browser, `${origin.origin}/page`);
  await play(tab.page);
  await heard(tab.page, 0.5);
  expect((await events(tab.page)).filter((type) => type === 'retry')).toHaveLength(2);
  expect(await events(tab.page)).toContain('recovered');
});

test('a server restart in mid-play does not stop the listener', async () => {
  await using origin = await start();
  origin.pace = 4;
  await using tab = await openPage(browser, `${origin.origin}/page`);
  await playRecorded(tab.page);
  await heard(tab.page, 1);
  await origin.restart(1000);
  await expectWhole(tab.page);
  expect(origin.seen.length).toBeGreaterThan(1);
});

test('a connection that breaks and a server that then refuses for a while do not stop the listener', async () => {
  await using origin = await start();
  origin.pace = 4;
  let audioRequests = 0;
  origin.fault = (seen) => {
    if (isProbe(seen)) return audioRequests <= 3 ? { status: 503 } : null;
    audioRequests++;
    if (audioRequests === 1) return { cutAfterBytes: 60_000 };
    return audioRequests <= 3 ? { status: 503 } : null;
  };
  await using tab = await openPage(browser, `${origin.origin}/page`);
  await playRecorded(tab.page);
  await expectWhole(tab.page);
  const { position, status } = await tab.page.evaluate(() => (window as unknown as Recorded).lastRetry);
  expect(position).toBeGreaterThan(1);
  expect(status).toBe(503);
  expect(await events(tab.page)).toContain('recovered');
});

test('what comes in place of a source that fails begins at the beginning', async () => {
  await using origin = await start();
  origin.fault = ({ path }) => (path === '/episode.mp3' ? { status: 503 } : null);
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const begin = await tab.page.evaluate(async () => {
    const element = document.querySelector<HTMLMediaElement>('baton-player');
    if (element === null) return null;
    const once = (type: string) => new Promise((resolve) => element.addEventListener(type, resolve, { once: true }));
    element.currentTime = 5;
    await once('retry');
    element.src = '/next.mp3';
    await once('loadedmetadata');
    return element.currentTime;
  });
  expect(begin).toBe(0);
});

test('a place that is set before anything is loaded is where it begins', async () => {
  await using origin = await start('preload="none"');
  await using tab = await openPage(browser, `${origin.origin}/page`);
  expect(origin.seen).toEqual([]);
  const first = await tab.page.evaluate(async () => {
    const element = document.querySelector<HTMLMediaElement>('baton-player');
    if (element === null) return null;
    element.currentTime = 5;
    const moved = new Promise<number>((resolve) => {
      element.addEventListener('timeupdate', () => element.currentTime !== 5 && resolve(element.currentTime));
    });
    await element.play();
    return moved;
  });
  expect(first).toBeGreaterThan(5);
  expect(first).toBeLessThan(6);
});

test('a refusal is told in the words of the server, and can be tried again', async () => {
  await using origin = await start();
  const message = 'The source may not be read without a login.';
  origin.fault = () => ({ status: 403, json: { code: 'SOURCE_PRIVATE', message } });
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  await page.getByText(message).waitFor();
  const asked = origin.seen.length;
  await page.waitForTimeout(700);
  expect(origin.seen).toHaveLength(asked);
  expect(await events(page)).toEqual(expect.arrayContaining(['failed', 'error']));

  origin.fault = () => null;
  await page.getByRole('button', { name: 'Try again' }).click();
  await heard(page, 0.3);
  expect(await page.getByText(message).count()).toBe(0);
});

test('what failed while it played does not look as if it did, and the play button tries again', async () => {
  await using origin = await start('preload="none"');
  origin.fault = () => ({ status: 404, json: {} });
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  await play(page);
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  expect(await page.locator('.player').getAttribute('class')).not.toMatch(/wanted|busy/);
  origin.fault = () => null;
  await play(page);
  await heard(page, 0.3);
});

test('what cannot be decoded is given up after three tries, with a sentence', async () => {
  await using origin = await start();
  origin.fault = () => ({ status: 200, json: { hello: 'not audio' } });
  await using tab = await openPage(browser, `${origin.origin}/page`);
  await tab.page.getByText('This browser cannot play what is at this address.').waitFor();
  expect((await events(tab.page)).filter((type) => type === 'retry')).toHaveLength(2);
});

test('the network coming back is tried at once', async () => {
  await using origin = await start();
  origin.fault = () => ({ status: 503, json: { message: 'Too busy.', retryAfterSeconds: 60 } });
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  await page.getByText('Too busy. Reconnecting…').waitFor();
  origin.fault = () => null;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await expect.poll(() => player(page, 'duration')).toBeGreaterThan(10);
  expect(await events(page)).toContain('recovered');
});

test('keys move, jump, mute and change the volume', async () => {
  await using origin = await start();
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  await expect.poll(() => player(page, 'duration')).toBeGreaterThan(10);
  await page.getByRole('slider', { name: 'Position' }).focus();
  const after = async (key: string) => {
    await page.keyboard.press(key);
    return player(page, 'currentTime');
  };
  expect(await after('5')).toBeCloseTo(6, 0);
  expect(await after('ArrowRight')).toBeCloseTo(11, 0);
  expect(await after('j')).toBe(0);
  expect(await after('ArrowRight')).toBeCloseTo(5, 1);
  expect(await after('ArrowLeft')).toBeCloseTo(0, 1);
  expect(await after('l')).toBeCloseTo(EPISODE_SECONDS, 0);
  expect(await after('Home')).toBe(0);
  await page.keyboard.press('m');
  expect(await player(page, 'muted')).toBe(true);
  await page.keyboard.press('ArrowDown');
  expect(await player(page, 'volume')).toBeCloseTo(0.95);
  expect(await player(page, 'muted')).toBe(false);
  await page.keyboard.press('k');
  expect(await player(page, 'paused')).toBe(false);
  await heard(page, 0);
  await page.keyboard.press(' ');
  expect(await player(page, 'paused')).toBe(true);
  await page.getByRole('button', { name: 'Forward 30 seconds' }).focus();
  expect(await after(' ')).toBeCloseTo(EPISODE_SECONDS, 0);
});

test('a thumb that is dragged away and back lets the position go on', async () => {
  await using origin = await start();
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  await expect.poll(() => player(page, 'duration')).toBeGreaterThan(10);
  const slider = page.getByRole('slider', { name: 'Position' });
  const box = await slider.boundingBox();
  if (box === null) throw new Error('no slider');
  const [x, y] = [box.x + 7, box.y + box.height / 2];
  const drag = async (to: number): Promise<void> => {
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + box.width / 2, y);
    await page.mouse.move(x + to, y);
    await page.mouse.up();
  };
  await drag(0);
  await page.evaluate(() => Reflect.set(document.querySelector('baton-player') ?? {}, 'currentTime', 9));
  await expect.poll(() => slider.inputValue()).toBe('9');
  await page.evaluate(() => Reflect.set(document.querySelector('baton-player') ?? {}, 'currentTime', 0));
  await expect.poll(() => slider.inputValue()).toBe('0');
  await drag((box.width - 14) / 4);
  expect(await player(page, 'currentTime')).toBeCloseTo(EPISODE_SECONDS / 4, 0);
});

test('one script tag embeds it in a page of another origin', async () => {
  await using origin = await start();
  const tags = `<!doctype html><script type="module" src="${origin.origin}/player/baton-player.js"></script>
    <baton-player src="${origin.origin}/episode.mp3" title="Elsewhere"></baton-player>`;
  await using elsewhere = await audioOrigin(mp3, { '/': tags });
  await using tab = await openPage(browser, elsewhere.origin);
  await tab.page.getByRole('button', { name: 'Play' }).click();
  await expect.poll(() => player(tab.page, 'currentTime')).toBeGreaterThan(0.3);
  expect(await tab.page.getByRole('group', { name: 'Audio player: Elsewhere' }).count()).toBe(1);
});

test('moving it in the page does not interrupt it, taking it out does', async () => {
  await using origin = await start();
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  await play(page);
  await heard(page, 0.3);
  const requests = origin.seen.length;
  await page.evaluate(() => document.body.prepend(document.querySelector('baton-player') ?? ''));
  await heard(page, 0.6);
  expect(origin.seen).toHaveLength(requests);
  const paused = await page.evaluate(async () => {
    const element = document.querySelector<HTMLMediaElement>('baton-player');
    element?.remove();
    await new Promise((resolve) => setTimeout(resolve));
    return element?.paused;
  });
  expect(paused).toBe(true);
});

interface Recorded {
  times: number[];
  lastRetry: RetryDetail;
}

/** Plays at three times the speed and half the volume, and notes every position that the player tells. */
async function playRecorded(page: Page): Promise<void> {
  await play(page);
  await page.evaluate(() => {
    const element = document.querySelector<HTMLMediaElement>('baton-player');
    if (element === null) return;
    element.playbackRate = 3;
    element.volume = 0.5;
    const times: number[] = [];
    (window as unknown as Recorded).times = times;
    element.addEventListener('timeupdate', () => times.push(element.currentTime));
  });
}

/** Waits for the end and checks that no position was left out or came twice, and that rate and volume stayed. */
async function expectWhole(page: Page): Promise<void> {
  await expect.poll(() => player(page, 'ended'), { timeout: 25_000 }).toBe(true);
  const times = await page.evaluate(() => (window as unknown as Recorded).times);
  const steps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(-0.001);
  expect(Math.max(...steps)).toBeLessThan(1.5);
  expect(times.at(-1)).toBeGreaterThan(EPISODE_SECONDS - 0.3);
  expect(await player(page, 'playbackRate')).toBe(3);
  expect(await player(page, 'volume')).toBe(0.5);
}

const isProbe = (seen: Seen): boolean => seen.range === 'bytes=0-0';

function start(attributes = ''): Promise<AudioOrigin> {
  const page = `<!doctype html><body><baton-player src="/episode.mp3" title="A tone" artist="Tests" ${attributes}></baton-player>
    <script>
      window.log = [];
      document.querySelector('baton-player').addEventListener('retry', (event) => (window.lastRetry = event.detail));
      for (const type of 'play pause playing timeupdate ended error retry recovered failed'.split(' '))
        document.querySelector('baton-player').addEventListener(type, () => log.push(type));
    </script>
    <script type="module" src="/player/baton-player.js"></script>`;
  return audioOrigin(mp3, { '/page': page, '/player/baton-player.js': script });
}

async function bundle(): Promise<string> {
  const entryPoints = ['player/baton-player.ts'];
  const { outputFiles } = await build({ entryPoints, bundle: true, format: 'esm', write: false, minify: true });
  return outputFiles[0]?.text ?? '';
}

const play = (page: Page): Promise<void> => page.getByRole('button', { name: 'Play' }).click();

const heard = (page: Page, seconds: number): Promise<void> =>
  expect.poll(() => player(page, 'currentTime'), { timeout: 15_000 }).toBeGreaterThan(seconds);

type State = 'currentTime' | 'duration' | 'ended' | 'paused' | 'playbackRate' | 'volume' | 'muted';

const player = (page: Page, property: State): Promise<unknown> =>
  page.evaluate((name) => document.querySelector<HTMLMediaElement>('baton-player')?.[name], property);

const events = (page: Page): Promise<string[]> => page.evaluate(() => (window as unknown as { log: string[] }).log);
