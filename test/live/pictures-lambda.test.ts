import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { testKeys } from '../support/baton.ts';
import { startOnLambda } from '../support/lambda-baton.ts';
import { settled } from '../support/leaks.ts';
import { apartIn, COPIED, filmChannel, jumpsIn, RATE } from './film-channel.ts';
import { shownIn, watch, type Watcher } from './watcher.ts';

const SECONDS = 40;
/** As players do. */
const LOW = { lowSeconds: 8 };

const until = (isThere: () => boolean): Promise<boolean> => settled(isThere, (is) => is, 40_000);

/** Seconds of pictures that have come. */
const broughtTo = ({ films }: Watcher): number => (films[0]?.fragments.length ?? 0) * 0.5;

test('a channel with pictures is carried by functions in turn: every picture comes once, with its sound', async () => {
  await using channel = await filmChannel('ts', SECONDS);
  const environment = { BATON_LIVE_LEG_SECONDS: '6', BATON_MEMORY_MB: '16' };
  const setup = { allowOrigins: [channel.origin.origin], environment, live: { memoryMb: 512 } };
  await using baton = await startOnLambda(setup, testKeys(), 'cloudfront');
  const content = { kind: 'live', options: COPIED, source: channel.url, name: 'a.mp4' } as const;
  const url = baton.origin + publicLink(content, baton.keys);
  const first = watch(url, LOW);
  await until(() => broughtTo(first) > 0);
  const second = watch(url, LOW); // the first function lets others take over by now
  const watchers = [first, second];
  await until(() => watchers.every((watcher) => watcher.ends.length > 2 && broughtTo(watcher) > 16));
  for (const watcher of watchers) watcher.stop();
  for (const watcher of watchers) {
    await watcher.over;
    expect(watcher.ends.slice(0, -1)).toEqual(watcher.ends.slice(0, -1).map(() => 'leg'));
    expect(watcher.events[0]).toMatchObject({ type: 'start', video: { width: 320, height: 180, frameRate: RATE } });
    expect(watcher.events.filter(({ type }) => type === 'discontinuity' || type === 'error')).toEqual([]);
    const [film, other] = watcher.films;
    expect(other).toBeUndefined();
    const shown = film === undefined ? [] : await shownIn(film);
    expect(shown.length).toBeGreaterThan(14 * RATE);
    const numbers = shown.map(({ number }) => number);
    expect(jumpsIn(numbers, SECONDS)).toEqual([]);
    for (const [index, { at: time }] of shown.entries())
      expect(Math.abs(time - (shown[index - 1]?.at ?? time - 0.04) - 0.04)).toBeLessThan(0.03);
    const differences = await apartIn(watcher, shown);
    expect(differences.length).toBeGreaterThan(12);
    expect(Math.max(...differences)).toBeLessThan(0.02);
  }
  await baton.idle();
  const produced = baton.usage.filter(({ leg }) => leg?.role === 'produced');
  expect(produced.length).toBeGreaterThan(1);
  const begun = baton.lines.filter(
    ({ functionName, text }) => functionName === 'live' && text.includes('Init Duration'),
  );
  expect(begun.length).toBeGreaterThan(1); // environments, none of which knows what another one has
}, 90_000);
