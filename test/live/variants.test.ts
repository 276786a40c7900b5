import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton } from '../support/baton.ts';
import { startLiveHls } from '../support/hls-channel.ts';
import { hlsFilm } from '../support/hls-film.ts';
import { apart, carrier, made } from './carrier.ts';
import { apartIn, jumpsIn } from './film-channel.ts';
import { listenTo } from './listener.ts';
import { shownIn, watch } from './watcher.ts';

const WATCHED = 'codec.aac~bitrate.64k~video.480p';
const HEARD = 'codec.aac~bitrate.64k';
const SMALL = { width: 160, height: 90 };

/** Where the sound is: in the smallest of three variants, or in a playlist of its own. */
type Sound = 'within' | 'apart';

/** A channel of several playlists. The largest variant is more than anybody needs, and is not even there. */
async function channelOf(kind: 'ts' | 'fmp4', sound: Sound, seconds: number, segmentSeconds = 2) {
  const film = { seconds };
  const offset = ['-output_ts_offset', '10']; // else each is shifted by what it has below 0
  const recipes = [
    { film, output: sound === 'apart' ? ['-an', ...offset] : offset },
    sound === 'apart' ? { film, output: ['-vn', ...offset] } : { film: { ...film, ...SMALL }, output: offset },
  ];
  const files = await Promise.all(recipes.map((recipe) => hlsFilm({ kind, segmentSeconds, ...recipe })));
  const [pictures, heard] = await Promise.all([
    startLiveHls({ files: files[0] ?? {}, segmentSeconds }),
    startLiveHls({ files: files[1] ?? {}, segmentSeconds }),
  ]);
  const group = sound === 'apart' ? ',AUDIO="a"' : '';
  const variant = (bandwidth: number, size: string, url: string): string =>
    `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},RESOLUTION=${size},CODECS="avc1.64000d,mp4a.40.2"${group}\n${url}`;
  const lines = [
    ...['#EXTM3U', '#EXT-X-VERSION:4', variant(9_000_000, '3840x2160', '/largest.m3u8')],
    variant(800_000, '320x180', pictures.url),
    sound === 'apart'
      ? `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="${heard.url}"`
      : variant(300_000, '160x90', heard.url),
  ];
  heard.origin.places.set('/all.m3u8', `${lines.join('\n')}\n`);
  return {
    ...{ pictures, heard, url: heard.origin.url('/all.m3u8') },
    [Symbol.asyncDispose]: async () => {
      await pictures[Symbol.asyncDispose]();
      await heard[Symbol.asyncDispose]();
    },
  };
}

async function scene(kind: 'ts' | 'fmp4', sound: Sound, seconds: number, liveLegMs: number, segmentSeconds?: number) {
  const channel = await channelOf(kind, sound, seconds, segmentSeconds);
  const allowOrigins = [channel.heard.origin.origin, channel.pictures.origin.origin];
  const baton = await startBaton({ allowOrigins, config: { liveLegMs } });
  const link = (options: string): string =>
    baton.origin + publicLink({ kind: 'live', options, source: channel.url, name: 'a.mp4' }, baton.keys);
  return {
    ...{ channel, link },
    [Symbol.asyncDispose]: async () => {
      await baton.stop();
      await channel[Symbol.asyncDispose]();
    },
  };
}

const losses = <T extends { readonly type: string }>(events: readonly T[]): readonly T[] =>
  events.filter(({ type }) => type === 'discontinuity' || type === 'error');

test.concurrent.each([
  ['the best of three variants, across the end of its loop', 'ts', 'within', 26],
  ['a variant of transport streams whose sound is apart', 'ts', 'apart', 60],
  ['a variant of fragments whose sound is apart', 'fmp4', 'apart', 60],
] as const)(
  'pictures of %s: read once they are watched, each shown once with its sound',
  async (_, kind, sound, seconds) => {
    await using at = await scene(kind, sound, seconds, 5_000);
    const { seen } = at.channel.pictures.origin;
    const listener = listenTo(at.link(HEARD));
    await sleep(3_000);
    expect(seen).toEqual([]);
    const watcher = watch(at.link(WATCHED));
    await sleep(15_000);
    watcher.stop();
    await watcher.over;
    await sleep(8_000); // nobody comes again
    const asked = seen.length;
    await sleep(3_000);
    listener.stop();
    expect(asked).toBeGreaterThan(6);
    expect(seen.length).toBe(asked);
    expect(at.channel.heard.origin.seen.join()).not.toContain('largest');

    expect(watcher.ends.slice(0, -1)).toEqual(watcher.ends.slice(0, -1).map(() => 'leg'));
    expect(watcher.ends.length).toBeGreaterThan(1);
    expect(watcher.events[0]).toMatchObject({ type: 'start', video: { width: 320, height: 180, frameRate: 25 } });
    expect(losses(watcher.events)).toEqual([]);
    const [film, other] = watcher.films;
    expect(other).toBeUndefined();
    const shown = film === undefined ? [] : await shownIn(film);
    expect(shown.length).toBeGreaterThan(8 * 25);
    const numbers = shown.map(({ number }) => number);
    expect(jumpsIn(numbers, seconds)).toEqual([]);
    for (const [index, { at: time }] of shown.entries())
      expect(Math.abs(time - (shown[index - 1]?.at ?? time - 0.04) - 0.04)).toBeLessThan(0.03);
    const differences = await apartIn(watcher, shown);
    expect(differences.length).toBeGreaterThan(6);
    expect(Math.max(...differences)).toBeLessThan(0.02);
    expect(losses(listener.events)).toEqual([]);
    expect(listener.starvedMs()).toBeLessThan(200);
  },
);

test.concurrent('who begins to watch where somebody listens sees what is heard just then', async () => {
  await using at = await scene('ts', 'apart', 60, 60_000, 6);
  const listener = watch(at.link(HEARD));
  await expect.poll(listener.soundTo, { timeout: 30_000 }).toBeGreaterThan(0);
  at.channel.heard.stall(); // there is no other sound than what is on its way already
  const watcher = watch(at.link(WATCHED));
  await expect.poll(() => watcher.films[0]?.fragments.length ?? 0, { timeout: 30_000 }).toBeGreaterThan(0);
  for (const each of [listener, watcher]) {
    each.stop();
    await each.over;
  }
});

test.concurrent('where a segment of pictures is lost, they stand and go on, and the sound is as ever', async () => {
  await using at = await scene('ts', 'apart', 60, 60_000);
  const watcher = watch(at.link(WATCHED));
  await sleep(3_000);
  at.channel.pictures.fates.set(at.channel.pictures.newest() + 2, { status: 404 });
  await sleep(15_000);
  watcher.stop();
  await watcher.over;
  expect(losses(watcher.events)).toEqual([]);
  const shown = watcher.films[0] === undefined ? [] : await shownIn(watcher.films[0]);
  const numbers = shown.map(({ number }) => number);
  expect(new Set(jumpsIn(numbers, 60).map((jump) => jump.split(' ')[1])).size).toBeLessThanOrEqual(2);
  expect(jumpsIn(numbers, 60).length).toBeGreaterThan(0);
  expect(numbers.at(-1)).toBeGreaterThan((numbers[0] ?? 0) + 12 * 25);
  const differences = await apartIn(watcher, shown);
  expect(differences.filter((difference) => difference < 0.02).length).toBeGreaterThan(8);
});

test.concurrent('whoever joins when makes the same chunks of pictures that are beside the sound', async () => {
  await using channel = await channelOf('ts', 'apart', 60);
  const origins = [channel.pictures.origin.origin];
  const store = memoryStore({ maxBytes: 2 ** 28 });
  const [first, second] = [new Map<string, Uint8Array>(), new Map<string, Uint8Array>()];
  const recorded = {
    ...store,
    putIfAbsent: (key: string, bytes: Uint8Array) => (first.set(key, bytes), store.putIfAbsent(key, bytes)),
  };
  await using a = await carrier(channel.url, recorded, { lines: 480, origins });
  await made(a.stream, 4);
  await sleep(3_300);
  await using b = await carrier(channel.url, apart(store, second), { lines: 480, origins });
  await made(b.stream, 7);
  const common = [...second.keys()].filter((key) => first.has(key) && /\/\d+$/.test(key));
  const bytesOf = (chunks: ReadonlyMap<string, Uint8Array>) =>
    common.map((key) => [key, Buffer.from(chunks.get(key) ?? []).toString('base64')]);
  expect(bytesOf(second)).toEqual(bytesOf(first));
  expect(common.filter((key) => (first.get(key)?.length ?? 0) > 0).length).toBeGreaterThanOrEqual(3);
});
