import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { film, type FilmRecipe } from '../support/film.ts';
import { hlsLink } from '../support/hls.ts';
import { MPV } from '../support/mpv.ts';
import { startOrigin, type Origin } from '../support/origin.ts';

const isFull = process.env['BATON_FULL'] === '1';
const LONG_GOP = [
  '-c:v',
  'libx264',
  '-preset',
  'veryfast',
  '-g',
  '1000',
  '-bf',
  '3',
  '-sc_threshold',
  '0',
  '-crf',
  '24',
];
const PASSED_ON: FilmRecipe = {};
const CODED_ANEW: FilmRecipe = { video: LONG_GOP };
const SILENT: FilmRecipe = { audio: null };
const SCRIPTS = { hls: 'hls.js/dist/hls.min.js', shaka: 'shaka-player/dist/shaka-player.compiled.js' } as const;

let origin: Origin;
let baton: TestBaton;
let browser: Browser;

beforeAll(async () => {
  origin = await startOrigin(new Uint8Array());
  baton = await startBaton({ allowOrigins: [origin.origin] });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await baton.stop();
  await origin.close();
});

async function linkTo(recipe: FilmRecipe, name: string): Promise<string> {
  origin.content = await film(recipe);
  return hlsLink(baton, origin.url(`/${name}.mp4`));
}

test.each<[keyof typeof SCRIPTS, string, FilmRecipe]>([
  ['hls', 'coded anew', CODED_ANEW],
  ['shaka', 'passed on', PASSED_ON],
  ...(isFull
    ? ([
        ['hls', 'passed on', PASSED_ON],
        ['shaka', 'coded anew', CODED_ANEW],
        ['hls', 'without sound', SILENT],
        ['shaka', 'without sound', SILENT],
      ] satisfies [keyof typeof SCRIPTS, string, FilmRecipe][])
    : []),
])('%s plays a film that is %s to its end, every frame of it', async (player, what, recipe) => {
  const link = await linkTo(recipe, what.replaceAll(' ', '-'));
  await using opened = await openPage(browser, `${baton.origin}/healthz`);
  const { page, errors } = opened;
  const script = join(import.meta.dirname, '../../node_modules', SCRIPTS[player]);
  await page.addScriptTag({ content: readFileSync(script, 'utf8') });
  const played = await page.evaluate(playToEnd, { link, player });
  expect(played).toEqual({ events: [], ended: true, frames: 350, at: 14, buffered: [[0, 14]] });
  expect(errors).toEqual([]);
});

test.skipIf(MPV === null || !isFull)('mpv plays a film to its end without a complaint', async () => {
  const link = await linkTo(CODED_ANEW, 'mpv');
  const args = ['--no-config', '--vo=null', '--ao=null', '--untimed', '--msg-level=all=warn', link];
  const { stdout, stderr } = await promisify(execFile)(MPV ?? 'mpv', args, { timeout: 50_000 });
  const said = `${stdout}${stderr}`.split('\n').filter((line) => /error|fail|invalid|corrupt|discontinu/i.test(line));
  expect(said).toEqual([]);
});

interface Played {
  /** Errors of the player. */
  readonly events: readonly unknown[];
  readonly ended: boolean;
  readonly frames: number;
  readonly at: number;
  readonly buffered: readonly (readonly [number, number])[];
}

/** In the page. Four times as fast as it is; both players come as globals. */
async function playToEnd({ link, player }: { link: string; player: string }): Promise<Played> {
  const { Hls, shaka } = globalThis as unknown as { Hls: HlsGlobal; shaka: ShakaGlobal };
  const video = document.createElement('video');
  video.muted = true;
  document.body.replaceChildren(video);
  const events: unknown[] = [];
  if (player === 'hls') {
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, { details, fatal }) => events.push([details, fatal]));
    hls.loadSource(link);
    hls.attachMedia(video);
  } else {
    const shown = new shaka.Player();
    shown.addEventListener('error', ({ detail }) => events.push(detail.code));
    await shown.attach(video);
    await shown.load(link);
  }
  video.playbackRate = 4;
  const ended = await new Promise<boolean>((resolve) => {
    video.addEventListener('ended', () => resolve(true));
    setTimeout(resolve, 40_000, false);
    video.play().catch((error: unknown) => events.push(String(error)));
  });
  const tenths = (seconds: number): number => Math.round(seconds * 10) / 10;
  const { buffered } = video;
  return {
    events,
    ended,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    at: tenths(video.currentTime),
    buffered: Array.from({ length: buffered.length }, (_, run) => [
      tenths(buffered.start(run)),
      tenths(buffered.end(run)),
    ]),
  };
}

interface HlsGlobal {
  new (): {
    on(event: string, heard: (event: string, data: { details: string; fatal: boolean }) => void): void;
    loadSource(link: string): void;
    attachMedia(video: HTMLVideoElement): void;
  };
  readonly Events: { readonly ERROR: string };
}

interface ShakaGlobal {
  readonly Player: new () => {
    addEventListener(type: 'error', heard: (event: { detail: { code: number } }) => void): void;
    attach(video: HTMLVideoElement): Promise<void>;
    load(link: string): Promise<void>;
  };
}
