import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../src/local/data-folder.ts';
import { publicLink } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton } from '../support/baton.ts';
import { startLiveHls } from '../support/hls-channel.ts';
import { H264 } from '../support/film.ts';
import { hlsFilm } from '../support/hls-film.ts';
import { apart, carrier, made } from './carrier.ts';
import { apartIn, CODED, COPIED, filmChannel, filmScene, jumpsIn } from './film-channel.ts';
import { listenTo } from './listener.ts';
import { serverProcess } from './process.ts';
import { shownIn, watch } from './watcher.ts';

const SECONDS = 40;
/** Of which the channel does not come to the end within a test. */
const LONGER = 60;

test.concurrent.each([
  ['passed on, of a transport stream and across the end of its loop', 'ts', COPIED, SECONDS],
  ['passed on, of fragments', 'fmp4', COPIED, LONGER],
  ['coded anew, of fragments', 'fmp4', CODED, LONGER],
] as const)('pictures %s: every one once through the legs, with their sound', async (_, kind, options, seconds) => {
  await using at = await filmScene(kind, 5_000, seconds);
  const [watcher, listener] = [watch(at.link(options)), listenTo(at.link('codec.aac~bitrate.64k'))];
  await sleep(17_000);
  watcher.stop();
  listener.stop();
  await watcher.over;
  expect(watcher.ends.slice(0, -1)).toEqual(watcher.ends.slice(0, -1).map(() => 'leg'));
  expect(watcher.ends.length).toBeGreaterThan(2);
  expect(watcher.events[0]).toMatchObject({
    type: 'start',
    codec: expect.stringMatching(/^avc1\.64[0-9a-f]{4},mp4a\.40\.2$/) as string,
    video: { width: 320, height: 180, frameRate: 25 },
  });
  expect(watcher.events.filter(({ type }) => type === 'discontinuity' || type === 'error')).toEqual([]);
  const [film, other] = watcher.films;
  expect(other).toBeUndefined();
  const all = film === undefined ? [] : await shownIn(film);
  // At a constant rate the first one stands until the second one is due.
  const shown = all.slice(all.findLastIndex(({ number }) => number === all[0]?.number));
  expect(all.length - shown.length).toBeLessThan(options === CODED ? 4 : 1);
  expect(shown.length).toBeGreaterThan(15 * 25);
  expect(
    jumpsIn(
      shown.map(({ number }) => number),
      seconds,
    ),
  ).toEqual([]);
  for (const [index, { at: time }] of shown.entries())
    expect(Math.abs(time - (shown[index - 1]?.at ?? time - 0.04) - 0.04)).toBeLessThan(0.03);
  const differences = await apartIn(watcher, shown);
  expect(differences.length).toBeGreaterThan(12);
  expect(Math.max(...differences)).toBeLessThan(0.02);
  expect(listener.events.filter(({ type }) => type === 'discontinuity' || type === 'error')).toEqual([]);
  expect(listener.starvedMs()).toBeLessThan(200);
});

test.concurrent.each([480, 144])('whoever joins when makes the same chunks of %d lines', async (lines) => {
  await using channel = await filmChannel('ts', SECONDS);
  const store = memoryStore({ maxBytes: 2 ** 28 });
  const [first, second] = [new Map<string, Uint8Array>(), new Map<string, Uint8Array>()];
  const recorded = {
    ...store,
    putIfAbsent: (key: string, bytes: Uint8Array) => (first.set(key, bytes), store.putIfAbsent(key, bytes)),
  };
  await using a = await carrier(channel.url, recorded, { lines });
  await made(a.stream, 4);
  await sleep(3_300);
  await using b = await carrier(channel.url, apart(store, second), { lines });
  await made(b.stream, 7);
  const common = [...second.keys()].filter((key) => first.has(key) && /\/\d+$/.test(key));
  expect(common.length).toBeGreaterThanOrEqual(4);
  const bytesOf = (chunks: ReadonlyMap<string, Uint8Array>) =>
    common.map((key) => [key, Buffer.from(chunks.get(key) ?? []).toString('base64')]);
  expect(bytesOf(second)).toEqual(bytesOf(first));
  expect(common.filter((key) => (first.get(key)?.length ?? 0) > 0).length).toBeGreaterThanOrEqual(3);
});

test.concurrent('a producer that is killed: no picture is lost, and none comes twice', async () => {
  await using stack = new AsyncDisposableStack();
  const channel = stack.use(await filmChannel('ts', SECONDS));
  const data = await mkdtemp(join(tmpdir(), 'baton-live-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const origins = [channel.origin.origin];
  const [first, second] = [await serverProcess(data, origins), await serverProcess(data, origins)];
  stack.use(first);
  stack.use(second);
  const keys = await (await openDataFolder(data)).readKeys();
  const link = publicLink({ kind: 'live', options: COPIED, source: channel.url, name: 'a.mp4' }, keys);
  let home = first.origin;
  const own = watch(() => home + link);
  await sleep(5_000);
  const other = watch(second.origin + link);
  await sleep(4_000);
  await first.kill();
  home = second.origin;
  await sleep(11_000);
  for (const watcher of [own, other]) {
    watcher.stop();
    await watcher.over;
    expect(watcher.events.filter(({ type }) => type === 'discontinuity' || type === 'error')).toEqual([]);
    const [film] = watcher.films;
    const numbers = film === undefined ? [] : (await shownIn(film)).map(({ number }) => number);
    expect(numbers.length).toBeGreaterThan(12 * 25);
    expect(jumpsIn(numbers, SECONDS)).toEqual([]);
  }
});

test.concurrent('where the source lacks a segment, the picture stands and goes on, and so does the sound', async () => {
  await using at = await filmScene('ts', 60_000, SECONDS);
  const watcher = watch(at.link(COPIED));
  await sleep(3_000);
  at.channel.fates.set(at.channel.newest() + 2, { status: 404 });
  await sleep(15_000);
  watcher.stop();
  await watcher.over;
  expect(watcher.events.filter(({ type }) => type === 'discontinuity')).toMatchObject([{ why: 'segment-lost' }]);
  const [film] = watcher.films;
  const shown = film === undefined ? [] : await shownIn(film);
  expect(
    jumpsIn(
      shown.map(({ number }) => number),
      SECONDS,
    ),
  ).toHaveLength(1);
  for (const [index, { at: time }] of shown.entries()) expect(time - (shown[index - 1]?.at ?? time)).toBeLessThan(0.3);
  expect(shown.length).toBeGreaterThan(13 * 25);
});

test.concurrent('pictures whose groups are open are coded anew', async () => {
  const video = [...H264, '-profile:v', 'main', '-x264-params', 'open-gop=1:scenecut=0'];
  const files = await hlsFilm({ kind: 'ts', segmentSeconds: 2, film: { seconds: LONGER, video, extension: 'ts' } });
  await using channel = await startLiveHls({ files, segmentSeconds: 2 });
  await using baton = await startBaton({ allowOrigins: [channel.origin.origin], config: { liveLegMs: 60_000 } });
  const link = publicLink({ kind: 'live', options: COPIED, source: channel.url, name: 'a.mp4' }, baton.keys);
  const watcher = watch(baton.origin + link);
  await sleep(8_000);
  watcher.stop();
  await watcher.over;
  expect(watcher.events[0]).toMatchObject({ codec: expect.stringMatching(/^avc1\.64/) as string });
  const all = watcher.films[0] === undefined ? [] : await shownIn(watcher.films[0]);
  const numbers = all.map(({ number }) => number);
  const shown = numbers.slice(numbers.lastIndexOf(numbers[0] ?? 0));
  expect(shown.length).toBeGreaterThan(8 * 25);
  expect(jumpsIn(shown, LONGER)).toEqual([]);
});

test.concurrent('pictures of a station that has none are refused', async () => {
  await using at = await filmScene('ts', 60_000, SECONDS);
  const sound = await startLiveHls({ kind: 'ts', codec: ['-c:a', 'aac'], seconds: 10, segmentSeconds: 2 });
  await using other = await startBaton({ allowOrigins: [sound.origin.origin] });
  const link = { kind: 'live', options: COPIED, source: sound.url, name: 'a.mp4' } as const;
  const answer = await fetch(other.origin + publicLink(link, other.keys));
  expect(await answer.json()).toMatchObject({ code: 'SOURCE_NO_VIDEO' });
  expect((await fetch(at.link('codec.mp3~bitrate.64k~video.480p'))).status).toBe(400);
  await sound[Symbol.asyncDispose]();
});
