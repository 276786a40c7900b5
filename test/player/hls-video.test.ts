import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { film, type FilmRecipe } from '../support/film.ts';
import { hlsLink } from '../support/hls.ts';
import { MPV } from '../support/mpv.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { playedToEnd, type FilmPlayer } from './played-to-end.ts';

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

test.each<[FilmPlayer, string, FilmRecipe]>([
  ['hls', 'coded anew', CODED_ANEW],
  ['shaka', 'passed on', PASSED_ON],
  ...(isFull
    ? ([
        ['hls', 'passed on', PASSED_ON],
        ['shaka', 'coded anew', CODED_ANEW],
        ['hls', 'without sound', SILENT],
        ['shaka', 'without sound', SILENT],
      ] satisfies [FilmPlayer, string, FilmRecipe][])
    : []),
])('%s plays a film that is %s to its end, every frame of it', async (player, what, recipe) => {
  const link = await linkTo(recipe, what.replaceAll(' ', '-'));
  await using opened = await openPage(browser, `${baton.origin}/healthz`);
  expect(await playedToEnd(opened.page, link, player)).toEqual({
    ...{ events: [], jumps: [], ended: true, frames: 350, at: 14 },
    buffered: [[0, 14]],
  });
  expect(opened.errors).toEqual([]);
});

test.skipIf(MPV === null || !isFull)('mpv plays a film to its end without a complaint', async () => {
  const link = await linkTo(CODED_ANEW, 'mpv');
  const args = ['--no-config', '--vo=null', '--ao=null', '--untimed', '--msg-level=all=warn', link];
  const { stdout, stderr } = await promisify(execFile)(MPV ?? 'mpv', args, { timeout: 50_000 });
  const said = `${stdout}${stderr}`.split('\n').filter((line) => /error|fail|invalid|corrupt|discontinu/i.test(line));
  expect(said).toEqual([]);
});
