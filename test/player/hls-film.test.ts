import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { hlsFilm, type HlsFilmRecipe } from '../support/hls-film.ts';
import { startHlsOrigin, type HlsOrigin } from '../support/hls-origin.ts';
import { hlsLink } from '../support/hls.ts';
import { playedToEnd, type FilmPlayer } from './played-to-end.ts';

const isFull = process.env['BATON_FULL'] === '1';
/** Both begin with sound that comes a little before the pictures. */
const TRANSPORT: HlsFilmRecipe = { kind: 'ts' };
const FRAGMENTS: HlsFilmRecipe = { kind: 'fmp4' };

let origin: HlsOrigin;
let baton: TestBaton;
let browser: Browser;

beforeAll(async () => {
  origin = await startHlsOrigin();
  baton = await startBaton({ allowOrigins: [origin.origin] });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await baton.stop();
  await origin[Symbol.asyncDispose]();
});

test.each<[FilmPlayer, string, HlsFilmRecipe]>([
  ['hls', 'a transport stream', TRANSPORT],
  ['shaka', 'fragmented MP4', FRAGMENTS],
  ...(isFull
    ? ([
        ['hls', 'fragmented MP4', FRAGMENTS],
        ['shaka', 'a transport stream', TRANSPORT],
      ] satisfies [FilmPlayer, string, HlsFilmRecipe][])
    : []),
])('%s plays a film from HLS in %s to its end, every frame of it, from its beginning on', async (player, _, recipe) => {
  for (const [file, bytes] of Object.entries(await hlsFilm(recipe))) origin.places.set(`/${recipe.kind}${file}`, bytes);
  const link = hlsLink(baton, origin.url(`/${recipe.kind}/main.m3u8`));
  await using opened = await openPage(browser, `${baton.origin}/healthz`);
  const { events, ...played } = await playedToEnd(opened.page, link, player);
  expect(played).toEqual({ jumps: [], ended: true, frames: 350, at: 14, buffered: [[0, 14]] });
  expect(events.filter((event) => !isStall(event))).toEqual([]);
  expect(opened.errors).toEqual([]);
});

/** A machine that is busy stands still now and then; over a hole in what is buffered a player jumps. */
const isStall = (event: unknown): boolean => Array.isArray(event) && event[0] === 'bufferStalledError';
