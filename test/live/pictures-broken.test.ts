import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { decode } from '../support/ffmpeg.ts';
import { beepTimes } from '../support/film.ts';
import { startLiveHls } from '../support/hls-channel.ts';
import { hlsFilm } from '../support/hls-film.ts';
import { undecodable } from '../support/undecodable.ts';
import { CODED, RATE } from './film-channel.ts';
import { shownIn, watch, type Film } from './watcher.ts';

const SEGMENT_SECONDS = 2;
const SECONDS = 60;
/** Several chunks in a row are of nothing else. */
const BROKEN = 5;

test('pictures that cannot be decoded: the last one stands, the sound goes on, and they come back', async () => {
  const files = await hlsFilm({ kind: 'fmp4', segmentSeconds: SEGMENT_SECONDS, film: { seconds: SECONDS } });
  await using channel = await startLiveHls({ files, segmentSeconds: SEGMENT_SECONDS });
  const config = { behindMs: 1_000, liveLegMs: 5_000 };
  await using baton = await startBaton({ allowOrigins: [channel.origin.origin], config });
  const link = publicLink({ kind: 'live', options: CODED, source: channel.url, name: 'a.mp4' }, baton.keys);
  const watcher = watch(baton.origin + link);
  await expect.poll(watcher.soundTo, { timeout: 30_000 }).toBeGreaterThan(0);
  const first = channel.newest() + 2;
  for (let number = first; number < first + BROKEN; number++) {
    const bytes = files[`/main${number % (SECONDS / SEGMENT_SECONDS)}.m4s`] ?? new Uint8Array();
    channel.fates.set(number, { bytes: undecodable(bytes, files['/main-init.mp4'] ?? new Uint8Array()) });
  }
  const until = watcher.soundTo() + (BROKEN + 7) * SEGMENT_SECONDS;
  await expect.poll(watcher.soundTo, { timeout: 60_000 }).toBeGreaterThan(until);
  const sinceJump = async (): Promise<number> => {
    const steps = stepsOf(await shownOf(watcher.films[0]));
    return steps.includes(JUMP) ? steps.length - steps.indexOf(JUMP) : 0;
  };
  // How far ahead of its edge a channel was begun with is a matter of chance.
  await expect.poll(sinceJump, { timeout: 40_000, interval: 2_000 }).toBeGreaterThan(RATE);
  watcher.stop();
  await watcher.over;

  expect(new Set(watcher.ends.slice(0, -1))).toEqual(new Set(['leg']));
  expect(watcher.events.filter(({ type }) => type === 'discontinuity' || type === 'error')).toEqual([]);
  const { data, channels, sampleRate } = await decode(watcher.sound());
  const mono = data.filter((_, index) => index % channels === 0);
  const beeps = beepTimes(mono, sampleRate);
  expect(beeps.length).toBeGreaterThan((BROKEN + 6) * SEGMENT_SECONDS);
  for (const [index, at] of beeps.entries()) expect(at - (beeps[index - 1] ?? at - 1)).toBeCloseTo(1, 1);

  const [film, other] = watcher.films;
  expect(other).toBeUndefined();
  const shown = await shownOf(film);
  for (const [index, { at }] of shown.entries()) expect(at - (shown[index - 1]?.at ?? at)).toBeLessThan(1.7);
  expect(stepsOf(shown).filter((step) => step !== 1)).toEqual([JUMP]);
}, 120_000);

const JUMP = BROKEN * SEGMENT_SECONDS * RATE + 1;

type Shown = Awaited<ReturnType<typeof shownIn>>;
const shownOf = async (film: Film | undefined): Promise<Shown> => (film === undefined ? [] : await shownIn(film));

/** From each picture to the next other one. */
function stepsOf(shown: Shown): readonly number[] {
  const fresh = [...new Set(shown.map(({ number }) => number))];
  return fresh.slice(1).map((number, index) => (number - (fresh[index] ?? 0) + SECONDS * RATE) % (SECONDS * RATE));
}
