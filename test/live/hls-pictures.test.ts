import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../src/local/data-folder.ts';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { inFolder, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { H264 } from '../support/film.ts';
import { startLiveHls } from '../support/hls-channel.ts';
import { hlsFilm } from '../support/hls-film.ts';
import { hlsLink, readMultivariant } from '../support/hls.ts';
import { listenToHls, type HlsListener } from '../support/hls-listener.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { apartIn, filmChannel, jumpsIn } from './film-channel.ts';
import { serverProcess, type ServerProcess } from './process.ts';
import { shownIn } from './watcher.ts';

const isFull = process.env['BATON_FULL'] === '1';
/** Of which the channel does not come to the end within a test. */
const SECONDS = 60;
const PRIMING = 1024;

/** The pictures that somebody has loaded, and how far the beeps of the sound are from their flashes. */
async function seen(pictures: HlsListener, sound: HlsListener) {
  const shown = await shownIn({ init: Buffer.of(), fragments: [{ at: 0, bytes: pictures.bytes() }] });
  const heard = sound.bytes();
  const soundFrom = (Number(heard.readBigUInt64BE(heard.indexOf('tfdt') + 8)) - PRIMING) / 48_000;
  const differences = await apartIn({ sound: () => heard, soundFrom: () => soundFrom }, shown);
  const jumps = jumpsIn(
    shown.map(({ number }) => number),
    SECONDS,
  );
  return { shown, jumps, differences };
}

/** Where `EXTINF` and dates do not say the same of when segments begin, to the millisecond. */
const unsaid = ({ playlists }: HlsListener): string[] =>
  playlists.flatMap(({ playlist: { segments } }) =>
    segments.slice(1).flatMap(({ programDateTime, mediaSequenceNumber }, index) => {
      const before = segments[index];
      const due = (before?.programDateTime?.getTime() ?? 0) + (before?.duration ?? 0) * 1000;
      return Math.abs(due - (programDateTime?.getTime() ?? 0)) < 2 ? [] : [`${mediaSequenceNumber}`];
    }),
  );

test.concurrent.each([['ts', 480], ...(isFull ? [['ts', 144] as const, ['fmp4', 480] as const] : [])] as const)(
  'the pictures of a channel (%s, %d lines) are those of its sound, in segments that begin with key pictures',
  async (kind, lines) => {
    await using channel = await filmChannel(kind, SECONDS);
    await using baton = await startBaton({ allowOrigins: [channel.origin.origin] });
    const link = hlsLink(baton, channel.url, `mode.live~bitrate.64k~video.${lines}p`);
    const [pictures, sound] = [listenToHls(() => `${link}/v${lines}.m3u8`), listenToHls(() => `${link}/a64.m3u8`)];
    await sleep(20_000);
    const { text, playlist } = await readMultivariant(link);
    await Promise.all([pictures.stop(), sound.stop()]);
    expect([pictures.complaints, pictures.failures, [...pictures.gaps]]).toEqual([[], [], []]);
    expect([sound.complaints, sound.failures]).toEqual([[], []]);
    expect(text).toContain(`\nindex.m3u8/v${lines}.m3u8\n`);
    expect(playlist.variants).toMatchObject([
      { resolution: { width: 320, height: 180 }, frameRate: 25, audio: [{ groupId: 'a64' }] },
    ]);
    expect(playlist.variants[0]?.codecs).toMatch(/^avc1\.64[0-9a-f]{4},mp4a\.40\.2$/);
    const whole = pictures.bytes().length + sound.bytes().length;
    const { bandwidth = 0, averageBandwidth = 0 } = playlist.variants[0] ?? {};
    const { shown, jumps, differences } = await seen(pictures, sound);
    expect(averageBandwidth).toBeGreaterThan(((whole * 8) / (shown.length / 25)) * 0.6);
    expect(bandwidth).toBeGreaterThanOrEqual(averageBandwidth);
    expect(pictures.playlists[0]?.text).toMatch(/^#EXT-X-TARGETDURATION:10$/m);
    expect(unsaid(pictures)).toEqual([]);
    expect(jumps).toEqual([]);
    expect(shown.length).toBeGreaterThan(14 * 25);
    expect(differences.length).toBeGreaterThan(12);
    expect(Math.max(...differences)).toBeLessThan(0.02);
    const answer = await get(pictures.playlists.at(-1)?.segments[0]?.url ?? '');
    expect(answer.headers['content-type']).toBe('video/mp4');
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  },
  90_000,
);

test.concurrent(
  'of pictures, too, no number is repeated and none is skipped when a producer is killed',
  async () => {
    await using stack = new AsyncDisposableStack();
    const channel = stack.use(await filmChannel('ts', SECONDS));
    const data = await mkdtemp(join(tmpdir(), 'baton-live-'));
    stack.defer(() => rm(data, { recursive: true, force: true }));
    const first = stack.use(await serverProcess(data, [channel.origin.origin]));
    const second = stack.use(await serverProcess(data, [channel.origin.origin]));
    const keys = await (await openDataFolder(data)).readKeys();
    const options = 'mode.live~bitrate.64k~video.480p';
    const link = publicLink({ kind: 'hls', options, source: channel.url, name: 'index.m3u8' }, keys);
    let home: ServerProcess = first;
    const own = listenToHls(() => `${home.origin}${link}/v480.m3u8`);
    await sleep(8_000);
    const other = listenToHls(() => `${second.origin}${link}/v480.m3u8`);
    const sound = listenToHls(() => `${second.origin}${link}/a64.m3u8`);
    await sleep(4_000);
    home = second;
    await first.kill();
    await sleep(14_000);
    await Promise.all([own.stop(), other.stop(), sound.stop()]);
    expect([own.complaints, other.complaints]).toEqual([[], []]);
    expect([[...own.gaps], [...other.gaps]]).toEqual([[], []]);
    for (const [number, name] of other.numbers) expect(own.numbers.get(number) ?? name).toBe(name);
    const { shown, jumps, differences } = await seen(own, sound);
    expect(jumps).toEqual([]);
    expect(shown.length).toBeGreaterThan(14 * 25);
    expect(Math.max(...differences)).toBeLessThan(0.02);
  },
  90_000,
);

test.runIf(isFull).concurrent(
  'a scene that is longer than a segment goes on in a gap',
  async () => {
    const video = [...H264.slice(0, 4), '-g', '200', '-keyint_min', '200', '-sc_threshold', '0', '-bf', '2'];
    const files = await hlsFilm({ kind: 'ts', segmentSeconds: 8, film: { seconds: 96, video } });
    await using channel = await startLiveHls({ files, segmentSeconds: 8 });
    await using baton = await startBaton({ allowOrigins: [channel.origin.origin] });
    const link = hlsLink(baton, channel.url, 'mode.live~bitrate.64k~video.480p');
    const pictures = listenToHls(() => `${link}/v480.m3u8`);
    await sleep(45_000);
    await pictures.stop();
    expect(pictures.complaints).toEqual([]);
    expect(pictures.gaps.size).toBeGreaterThan(0);
    expect(unsaid(pictures)).toEqual([]);
    const shown = await shownIn({ init: Buffer.of(), fragments: [{ at: 0, bytes: pictures.bytes() }] });
    expect(shown.length).toBeGreaterThan(20 * 25);
    const numbers = shown.map(({ number }) => number);
    expect(jumpsIn(numbers, 96)).toEqual([]);
  },
  90_000,
);

test.runIf(isFull).concurrent(
  'another format has a head of its own',
  async () => {
    await using channel = await filmChannel('ts', SECONDS);
    await using baton = await startBaton({ allowOrigins: [channel.origin.origin] });
    const link = hlsLink(baton, channel.url, 'mode.live~bitrate.64k~video.480p');
    const pictures = listenToHls(() => `${link}/v480.m3u8`);
    await sleep(3_000);
    const other = await hlsFilm({ kind: 'ts', segmentSeconds: 2, film: { seconds: 14, width: 160, height: 90 } });
    const from = channel.newest() + 2;
    channel.adBreak(from, from + 100, other);
    await sleep(17_000);
    await pictures.stop();
    expect([pictures.complaints, pictures.failures]).toEqual([[], []]);
    const { text = '', playlist } = pictures.playlists.at(-1) ?? {};
    const maps = playlist?.segments.map(({ map }) => map.uri) ?? [];
    expect(new Set(maps).size).toBe(2);
    expect(text.match(/#EXT-X-MAP/g)).toHaveLength(2);
    for (const uri of new Set(maps)) expect((await get(`${link}/${uri}`)).status).toBe(200);
    expect((await get(`${link}/v480-00000000.mp4`)).status).toBe(404);
  },
  60_000,
);

test.concurrent(
  'a channel without pictures is sound alone, and its pictures are nowhere',
  async () => {
    await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
    await using baton = await startBaton({ allowOrigins: [radio.origin] });
    const link = hlsLink(baton, radio.url(), 'mode.live~bitrate.64k~video.480p');
    const { playlist } = await readMultivariant(link);
    expect(playlist.variants.map(({ codecs, resolution }) => [codecs, resolution])).toEqual([['mp4a.40.2', undefined]]);
    expect((await get(`${link}/v360.m3u8`)).status).toBe(404);
    expect((await get(`${link}/v480.m3u8`)).status).toBe(422);
    expect((await get(hlsLink(baton, radio.url(), 'mode.live~dvr.yes~video.480p'))).status).toBe(400);
  },
  60_000,
);

test.runIf(SYSTEM_FFMPEG !== null)(
  'ffmpeg plays the pictures of a channel with their sound',
  { concurrent: true, timeout: 60_000 },
  async () => {
    await using channel = await filmChannel('ts', SECONDS);
    await using baton = await startBaton({ allowOrigins: [channel.origin.origin] });
    const link = hlsLink(baton, channel.url, 'mode.live~bitrate.64k~video.480p');
    await inFolder(async (folder) => {
      const [film, sound] = [join(folder, 'film.mkv'), join(folder, 'sound.wav')];
      const limit = ['-t', '14'];
      const pictures = ['-map', '0:v', '-c', 'copy', ...limit, film];
      const heard = ['-map', '0:a', '-af', 'aresample=async=1:first_pts=0', ...limit, sound];
      const args = ['-v', 'error', '-copyts', '-i', link, ...pictures, ...heard];
      const { stderr } = await promisify(execFile)(SYSTEM_FFMPEG ?? '', args, { timeout: 55_000 });
      expect(stderr).toBe('');
      const shown = await shownIn({ init: await readFile(film), fragments: [] });
      const wave = await readFile(sound);
      const differences = await apartIn({ sound: () => wave, soundFrom: () => 0 }, shown);
      expect(differences.length).toBeGreaterThan(7);
      expect(Math.max(...differences)).toBeLessThan(0.02);
    });
  },
);
