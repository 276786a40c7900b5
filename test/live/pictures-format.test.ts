import { expect, test } from 'vitest';
import { hlsFilm } from '../support/hls-film.ts';
import { CODED, COPIED, filmScene, jumpsIn, RATE } from './film-channel.ts';
import { shownIn, watch } from './watcher.ts';

const SECONDS = 60;
const OTHER = { seconds: 6, width: 240, height: 180 };
/** Of the other kind, of 2 s each. */
const SEGMENTS = 3;
const IN_FULL = process.env['BATON_FULL'] === '1';

test.concurrent.each([['passed on', COPIED], ...(IN_FULL ? ([['coded anew', CODED]] as const) : [])] as const)(
  'pictures %s that become smaller, and are again as they were: each kind has a head of its own',
  async (_, options) => {
    const files = await hlsFilm({ kind: 'ts', segmentSeconds: 2, film: OTHER });
    await using at = await filmScene('ts', 60_000, SECONDS);
    const watcher = watch(at.link(options));
    await expect.poll(watcher.soundTo, { timeout: 30_000 }).toBeGreaterThan(0);
    const first = at.channel.newest() + 2;
    at.channel.adBreak(first, first + SEGMENTS, files);
    const shownOf = (film: number): number => watcher.films[film]?.fragments.length ?? 0;
    await expect.poll(() => shownOf(2), { timeout: 90_000 }).toBeGreaterThan(6);
    watcher.stop();
    await watcher.over;
    expect(watcher.ends).toEqual(['leg', 'leg', 'stopped']);
    expect(watcher.events.filter(({ type }) => type === 'error' || type === 'discontinuity')).toEqual([]);
    const sizes = watcher.events.flatMap(({ type, ...event }) => (type === 'start' ? [event['video']] : []));
    const [usual, other] = [
      { width: 320, height: 180 },
      { width: 240, height: 180 },
    ];
    expect(sizes).toMatchObject([usual, other, usual]);
    expect(watcher.films).toHaveLength(3);
    const shown = await Promise.all(watcher.films.map(shownIn));
    for (const [index, seconds] of [SECONDS, OTHER.seconds, SECONDS].entries()) {
      const numbers = (shown[index] ?? []).map(({ number }) => number);
      expect(numbers.length).toBeGreaterThan(2 * RATE);
      expect(jumpsIn(numbers, seconds)).toEqual([]);
    }
  },
  120_000,
);
