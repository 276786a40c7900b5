import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { decode, FFPROBE, inFolder, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { beepTimes, film, seenFrames, type FilmRecipe } from '../support/film.ts';
import { bytesAt, hlsLink, microseconds, readMedia, readMultivariant, type ReadPlaylist } from '../support/hls.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
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
const REALTIME = ['-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k', '-g', '60'];
const WEBM = {
  extension: 'webm',
  video: ['-c:v', 'libvpx-vp9', ...REALTIME],
  audio: ['-c:a', 'libopus', '-b:a', '64k'],
};

let origin: Origin;
let baton: TestBaton;

beforeAll(async () => {
  origin = await startOrigin(new Uint8Array());
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin.close();
});

async function linkTo(recipe: FilmRecipe, name: string): Promise<string> {
  origin.content = await film(recipe);
  return hlsLink(baton, origin.url(`/${name}.${recipe.extension ?? 'mp4'}`));
}

/** All of a track, its segments asked for backwards. */
async function fetched(playlist: ReadPlaylist): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const [index, { url }] of [...playlist.segments.entries()].reverse()) parts[index] = await bytesAt(url);
  return Buffer.concat([await bytesAt(playlist.init), ...parts]);
}

describe.each<[string, FilmRecipe]>([
  ['passed on', {}],
  ['coded anew', { video: LONG_GOP }],
  ['in fragments', { output: ['-movflags', 'frag_keyframe+delay_moov', '-frag_duration', '1000000'] }],
  ...(isFull
    ? ([
        ['of WebM', WEBM],
        ['at 29.97 frames a second', { rate: '30000/1001', video: LONG_GOP }],
        ['cut at no key frame', { again: { input: ['-ss', '2.5'], output: [] } }],
      ] satisfies [string, FilmRecipe][])
    : []),
])('a film that is %s', (what, recipe) => {
  let link: string;
  let video: ReadPlaylist;
  let audio: ReadPlaylist;
  let pictures: Buffer;

  beforeAll(async () => {
    link = await linkTo(recipe, what.replaceAll(' ', '-'));
    const { playlist } = await readMultivariant(link);
    const variant = playlist.variants[0];
    const base = new URL(link);
    video = await readMedia(new URL(variant?.uri ?? '', base).href);
    audio = await readMedia(new URL(variant?.audio[0]?.uri ?? '', base).href);
    pictures = await fetched(video);
  });

  test('the multivariant playlist says what it is', async () => {
    const { playlist } = await readMultivariant(link);
    const [variant] = playlist.variants;
    expect(variant?.resolution).toEqual({ width: 320, height: 180 });
    expect(variant?.frameRate).toBeCloseTo(recipe.rate === undefined ? 25 : 29.97, 2);
    expect(variant?.codecs).toMatch(/^avc1\.64[0-9a-f]{4},mp4a\.40\.2$/);
    expect(variant?.averageBandwidth).toBeLessThanOrEqual(variant?.bandwidth ?? 0);
    if (FFPROBE === null) return;
    const { level, profile } = await probed(pictures);
    expect(profile).toMatch(/High/);
    expect(parseInt(variant?.codecs?.slice(9, 11) ?? '', 16)).toBe(level);
  });

  test('each frame is there once, and the lengths of segments add up', async () => {
    const source = await seenFrames(await film(recipe));
    expect(await seenFrames(pictures)).toEqual(source);
    const total = microseconds(video.text) / 1e6;
    expect(total).toBeGreaterThan(source.length / 30 - 0.05);
    expect(Math.abs(total - microseconds(audio.text) / 1e6)).toBeLessThan(0.1);
    for (const { duration } of video.segments)
      expect(Math.round(duration)).toBeLessThanOrEqual(video.playlist.targetDuration);
  });

  test('no segment takes more bits than was said', async () => {
    const { playlist } = await readMultivariant(link);
    const most = playlist.variants[0]?.bandwidth ?? 0;
    for (const { url, duration } of video.segments)
      expect(((await bytesAt(url)).length * 8) / Math.max(1, duration)).toBeLessThan(most);
  });

  test('a beep and its flash are less than 20 ms apart', async () => {
    const sound = await decode(await fetched(audio));
    const beeps = beepTimes(
      sound.data.filter((_, at) => at % sound.channels === 0),
      sound.sampleRate,
    );
    const flashes = await flashTimes(pictures);
    expect(flashes.length).toBeGreaterThanOrEqual(11);
    for (const flash of flashes.slice(0, -1)) {
      const nearest = Math.min(...beeps.map((beep) => Math.abs(beep - flash)));
      expect(nearest).toBeLessThan(0.02);
    }
  });

  test('ffmpeg plays it to its end without a complaint', async () => {
    if (SYSTEM_FFMPEG === null) return;
    const { stderr } = await promisify(execFile)(SYSTEM_FFMPEG, ['-v', 'warning', '-i', link, '-f', 'null', '-']);
    expect(stderr).toBe('');
  });
});

test('a segment leaves while it is encoded, is kept for ever, and comes from the store the next time', async () => {
  const link = await linkTo({ ...LARGE, video: LONG_GOP }, 'streams');
  const playlist = await readMedia(`${link}/v240.m3u8`);
  const url = playlist.segments[1]?.url ?? '';
  const answer = await get(url);
  expect(answer.headers['transfer-encoding']).toBe('chunked');
  expect(answer.headers['content-type']).toBe('video/mp4');
  expect(answer.headers['cache-control']).toMatch(/max-age=31536000, immutable/);
  const again = await get(url);
  expect(again.bytes.equals(answer.bytes)).toBe(true);
  expect(baton.usage.at(-1)).toMatchObject({ chunksStored: 1, chunksEncoded: 0, encoderCpuMs: 0 });
  expect((await get(url, { headers: { 'if-none-match': again.headers['etag'] ?? '' } })).status).toBe(304);
  const other = await startBaton({ allowOrigins: [origin.origin], keys: baton.keys });
  expect((await bytesAt(url.replace(baton.origin, other.origin))).equals(answer.bytes)).toBe(true);
  await other.stop();
});

test('a viewer who leaves stops the encoder', async () => {
  const link = await linkTo({ ...LARGE, video: LONG_GOP }, 'leaves');
  const playlist = await readMedia(`${link}/v240.m3u8`);
  const before = await ffmpegProcesses();
  const stop = new AbortController();
  const asked = fetch(playlist.segments[0]?.url ?? '', { signal: stop.signal });
  await settled(ffmpegProcesses, (ids) => ids.length > before.length);
  stop.abort();
  await asked.then((answer) => answer.arrayBuffer()).catch(() => undefined);
  expect(await settled(ffmpegProcesses, (ids) => ids.length === before.length, 5000)).toEqual(before);
});

describe('what has no pictures, or no sound', () => {
  test('a film without sound has variants alone, and says so to who wants sound', async () => {
    const link = await linkTo({ audio: null }, 'silent');
    const { playlist } = await readMultivariant(link);
    expect(playlist.variants.map(({ codecs, audio }) => [codecs, audio])).toEqual([
      [expect.stringMatching(/^avc1/), []],
    ]);
    expect((await readMedia(`${link}/v180.m3u8`)).segments.length).toBeGreaterThan(1);
    expect(await codeOf(`${link}/a128.m3u8`)).toBe('SOURCE_NO_AUDIO');
    expect(await codeOf(baton.file(origin.url('/silent.mp4'), 'codec.mp3~bitrate.64k'))).toBe('SOURCE_NO_AUDIO');
  });

  test('pictures in a codec that is not known are left out, and refused where there is nothing else', async () => {
    const prores = { extension: 'mov', video: ['-c:v', 'prores_ks'], seconds: 2 };
    const withSound = await readMultivariant(await linkTo(prores, 'prores'));
    expect(withSound.playlist.variants.map(({ resolution }) => resolution)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(await codeOf(await linkTo({ ...prores, audio: null }, 'silent-prores'))).toBe('VIDEO_UNSUPPORTED');
  });

  test('heights that are not offered are not found', async () => {
    const link = await linkTo({}, 'heights');
    for (const place of ['v1080.m3u8', 'v179.m3u8']) expect(await codeOf(`${link}/${place}`)).toBe('NOT_FOUND');
  });
});

const LARGE = { width: 428, height: 240 };

async function codeOf(url: string): Promise<string> {
  const { code } = JSON.parse((await get(url)).bytes.toString()) as { code: string };
  return code;
}

/** When flashes begin, by the clock of the file. */
async function flashTimes(pictures: Buffer): Promise<number[]> {
  const seen = await seenFrames(pictures);
  const times = await inFolder(async (folder) => {
    await writeFile(`${folder}/film.mp4`, pictures);
    const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'frame=pts_time', '-of', 'csv=p=0'];
    const { stdout } = await promisify(execFile)(FFPROBE ?? 'ffprobe', [...args, `${folder}/film.mp4`]);
    return stdout.split('\n').filter(Boolean).map(Number.parseFloat);
  });
  return seen.flatMap(({ isFlash }, index) =>
    isFlash && seen[index - 1]?.isFlash === false ? [times[index] ?? NaN] : [],
  );
}

async function probed(pictures: Buffer): Promise<{ level: number; profile: string }> {
  return await inFolder(async (folder) => {
    await writeFile(`${folder}/film.mp4`, pictures);
    const args = ['-v', 'error', '-show_entries', 'stream=level,profile', '-of', 'json', `${folder}/film.mp4`];
    const { stdout } = await promisify(execFile)(FFPROBE ?? 'ffprobe', args);
    const { streams } = JSON.parse(stdout) as { streams: { level: number; profile: string }[] };
    return streams[0] ?? { level: 0, profile: '' };
  });
}
