import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { apartIn, COPIED, filmScene, jumpsIn, RATE } from './film-channel.ts';
import { shownIn, watch } from './watcher.ts';

/** The channel does not come to the end of its film. */
const SECONDS = 60;
const SCENE_SECONDS = 2;
/** Some lie before the first key picture of their chunk, some in a chunk without any. */
const SOUGHT = [1.7, 3.3, 5.5, 7.9, 8.7];

test.concurrent('who goes back on a channel with pictures begins at the key picture before', async () => {
  await using at = await filmScene('ts', 60_000, SECONDS);
  const first = watch(at.link(COPIED));
  await sleep(9_000);
  const watchers = SOUGHT.map((seconds) => watch(at.link(COPIED), { place: `t.${seconds * 1000}` }));
  await sleep(3_000);
  for (const watcher of [first, ...watchers]) watcher.stop();
  for (const [index, watcher] of watchers.entries()) {
    await watcher.over;
    const sought = SOUGHT[index] ?? NaN;
    expect(watcher.events[0]).toMatchObject({ type: 'start' });
    expect(Number(watcher.events[0]?.['time'])).toBeLessThan(sought + 0.05);
    const [film, other] = watcher.films;
    expect(other).toBeUndefined();
    const shown = film === undefined ? [] : await shownIn(film);
    const begin = shown[0]?.at ?? NaN;
    expect(begin).toBeLessThan(sought + 0.001);
    expect(sought - begin).toBeLessThan(SCENE_SECONDS + 0.05);
    expect(shown.length).toBeGreaterThan(3 * RATE);
    expect(
      jumpsIn(
        shown.map((frame) => frame.number),
        SECONDS,
      ),
    ).toEqual([]);
    const differences = await apartIn(watcher, shown);
    expect(differences.length).toBeGreaterThan(1);
    expect(Math.max(...differences)).toBeLessThan(0.02);
  }
});
