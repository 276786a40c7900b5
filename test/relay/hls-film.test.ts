import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { film, seenFrames } from '../support/film.ts';
import { beepsOff, fetchFilmHls, wholeTrack, type FilmHls } from '../support/film-hls.ts';
import { hlsFilm, type HlsFilmRecipe } from '../support/hls-film.ts';
import { type HlsOrigin, startHlsOrigin } from '../support/hls-origin.ts';
import { bytesAt, hlsLink, microseconds, readMedia, readMultivariant } from '../support/hls.ts';

let origin: HlsOrigin;
let baton: TestBaton;

beforeAll(async () => {
  origin = await startHlsOrigin();
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin[Symbol.asyncDispose]();
});

const KEYS_EVERY_SECOND = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '25', '-bf', '2', '-crf', '20'];
const NO_KEYS_THERE = ['-hls_flags', 'split_by_time'];

interface Row extends HlsFilmRecipe {
  readonly isPassedOn: boolean;
}

const ROWS: Readonly<Record<string, Row>> = {
  'a transport stream': { kind: 'ts', isPassedOn: true },
  'fragmented MP4': { kind: 'fmp4', isPassedOn: true },
  'ranges of one encrypted file of short segments': {
    ...{ kind: 'ts', segmentSeconds: 1, encrypted: true, isPassedOn: true },
    film: { video: KEYS_EVERY_SECOND },
  },
  'ranges of one file, without maps in each': { kind: 'ts', byteRanges: true, old: true, isPassedOn: true },
  'segments that begin anywhere': { kind: 'ts', segmentSeconds: 3, output: NO_KEYS_THERE, isPassedOn: false },
};

describe.each(Object.entries(ROWS))('of %s', (name, row) => {
  const path = `/${name.replaceAll(' ', '-')}`;
  let link: string;
  let made: FilmHls;

  beforeAll(async () => {
    for (const [file, bytes] of Object.entries(await hlsFilm(row))) origin.places.set(path + file, bytes);
    link = hlsLink(baton, origin.url(`${path}/main.m3u8`));
    made = await fetchFilmHls(link);
  });

  test('each frame is there once, in order, and the lengths of segments add up', async () => {
    expect(await seenFrames(made.pictures)).toEqual(await seenFrames(await film(row.film ?? {})));
    const total = microseconds(made.video.text) / 1e6;
    expect(Math.abs(total - microseconds(made.audio.text) / 1e6)).toBeLessThan(0.15);
    for (const { duration } of made.video.segments)
      expect(Math.round(duration)).toBeLessThanOrEqual(made.video.playlist.targetDuration);
  });

  test('a beep and its flash are less than 20 ms apart', async () => {
    const off = await beepsOff(made);
    expect(off.length).toBeGreaterThanOrEqual(11);
    for (const seconds of off) expect(seconds).toBeLessThan(0.02);
  });

  test('what is passed on is said to be no less than it is; others make the same bytes', async () => {
    const { playlist } = await readMultivariant(link);
    const [variant] = playlist.variants;
    expect(variant?.codecs).toMatch(/^avc1\.64/);
    for (const { url, duration } of made.video.segments)
      expect(((await bytesAt(url)).length * 8) / Math.max(1, duration)).toBeLessThan(variant?.bandwidth ?? 0);
    const before = baton.usage.length;
    const [first] = made.video.segments;
    await bytesAt(first?.url ?? '');
    expect(baton.usage.slice(before).every(({ chunksStored }) => chunksStored === 0)).toBe(row.isPassedOn);
    await using other = await startBaton({ allowOrigins: [origin.origin], keys: baton.keys });
    for (const { url } of made.video.segments.toReversed().slice(0, 2))
      expect((await bytesAt(url.replace(baton.origin, other.origin))).equals(await bytesAt(url))).toBe(true);
  });
});

/** Puts files under a path, and gives the link of its main playlist. */
function placed(path: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  for (const [file, bytes] of Object.entries(files)) origin.places.set(path + file, bytes);
  return hlsLink(baton, origin.url(`${path}/main.m3u8`));
}

const textOf = (files: Readonly<Record<string, Uint8Array>>, name = 'main'): string =>
  Buffer.from(files[`/${name}.m3u8`] ?? []).toString();

const numbersOf = (seen: Awaited<ReturnType<typeof seenFrames>>): number[] => seen.map(({ number }) => number);

describe('what is not of one piece', () => {
  test('a clock that is set anew goes on with the sound, and what is coded otherwise is shown as well', async () => {
    const [one, two] = [
      await hlsFilm({ kind: 'ts' }),
      await hlsFilm({ kind: 'ts', name: 'other', film: { seconds: 8, video: KEYS_EVERY_SECOND } }),
    ];
    const listOf = (text: string): string => text.slice(text.indexOf('#EXTINF'), text.indexOf('#EXT-X-ENDLIST'));
    const head = textOf(one).slice(0, textOf(one).indexOf('#EXTINF'));
    const both = [
      head,
      listOf(textOf(one)),
      '#EXT-X-DISCONTINUITY\n',
      listOf(textOf(two, 'other')),
      '#EXT-X-ENDLIST\n',
    ];
    const link = placed('/anew', { ...one, ...two, '/main.m3u8': both.join('') });
    const made = await fetchFilmHls(link);
    const numbers = numbersOf(await seenFrames(made.pictures));
    const apart = numbers.indexOf(0, 10);
    expect(Math.abs(apart - 350)).toBeLessThanOrEqual(2);
    expect(numbers.slice(0, 349)).toEqual(Array.from({ length: 349 }, (_, number) => number));
    expect(numbers.slice(apart + 1, apart + 198)).toEqual(Array.from({ length: 197 }, (_, number) => number + 1));
    for (const seconds of await beepsOff(made)) expect(seconds).toBeLessThan(0.03);
  });

  test('the picture before a segment that is missing stands in its place', async () => {
    const files = await hlsFilm({ kind: 'ts' });
    const link = placed('/missing', files);
    origin.places.delete('/missing/main1.ts');
    const made = await fetchFilmHls(link);
    const numbers = numbersOf(await seenFrames(made.pictures));
    const stands = numbers.findIndex((number, at) => number !== at) - 1;
    const behind = numbers.indexOf(stands + 1 + numbers.filter((number) => number === stands).length - 1);
    expect(behind - stands).toBeGreaterThan(40);
    const expected = Array.from({ length: 350 }, (_, at) => (at > stands && at < behind ? stands : at));
    expect(numbers).toEqual(expected);
    for (const seconds of await beepsOff(made)) expect(seconds).toBeLessThan(0.02);
  });

  test('of several variants the best is shown, with the sound that is beside them', async () => {
    const link = placed('/several', await several());
    const { playlist } = await readMultivariant(link);
    expect(playlist.variants[0]?.resolution).toEqual({ width: 428, height: 240 });
    const made = await fetchFilmHls(link);
    expect(numbersOf(await seenFrames(made.pictures))).toEqual(Array.from({ length: 350 }, (_, number) => number));
    for (const seconds of await beepsOff(made)) expect(seconds).toBeLessThan(0.02);
  });

  test('only the beginning of each segment is read for the index, and nothing once it is kept', async () => {
    const link = placed('/lean', await several());
    const before = origin.seen.length;
    await readMultivariant(link);
    const asked = origin.seen.slice(before).filter((line) => line.includes('/lean/large1.m4s'));
    expect(asked).toEqual(['GET /lean/large1.m4s 0-49151']);
    await using other = await startBaton({ allowOrigins: [origin.origin], keys: baton.keys, store: baton.store });
    const again = origin.seen.length;
    await readMultivariant(link.replace(baton.origin, other.origin));
    expect(origin.seen.slice(again).filter((line) => line.includes('.m4s'))).toEqual([]);
  });

  test('pictures without sound are shown, and say so to who wants sound', async () => {
    const link = placed('/silent', await hlsFilm({ kind: 'ts', output: ['-an'] }));
    const { playlist } = await readMultivariant(link);
    expect(playlist.variants.map(({ audio }) => audio)).toEqual([[]]);
    const pictures = await wholeTrack(await readMedia(`${link}/v180.m3u8`));
    expect(numbersOf(await seenFrames(pictures))).toEqual(Array.from({ length: 350 }, (_, number) => number));
    expect(await codeOf(`${link}/a128.m3u8`)).toBe('SOURCE_NO_AUDIO');
    expect(await codeOf(baton.file(origin.url('/silent/main.m3u8')))).toBe('SOURCE_NO_AUDIO');
  });

  test('an empty segment is one that is missing', async () => {
    const files = await hlsFilm({ kind: 'ts' });
    const made = await fetchFilmHls(placed('/empty', { ...files, '/main1.ts': new Uint8Array() }));
    const [seen, all] = [numbersOf(await seenFrames(made.pictures)), numbersOf(await seenFrames(await film({})))];
    expect(seen.length).toBe(all.length);
    expect(seen).not.toEqual(all);
  });

  test('pictures of a playlist that imports variables are shown; sound whose pictures cannot be had is heard', async () => {
    const files = await several();
    const child = String(Buffer.from(files['/large.m3u8'] ?? []));
    const imports = child.replace('#EXTM3U\n', '#EXTM3U\n#EXT-X-DEFINE:IMPORT="folder"\n');
    const main = String(files['/main.m3u8']).replace('#EXTM3U\n', '#EXTM3U\n#EXT-X-DEFINE:NAME="folder",VALUE="."\n');
    const large = imports.replace(/^(large.*)$/gm, '{$folder}/$1');
    const { playlist } = await readMultivariant(
      placed('/imports', { ...files, '/main.m3u8': main, '/large.m3u8': large }),
    );
    expect(playlist.variants[0]?.resolution).toEqual({ width: 428, height: 240 });

    const protectedBy = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key"\n#EXTINF';
    const small = String(Buffer.from(files['/small.m3u8'] ?? [])).replace('#EXTINF', protectedBy);
    const sealed = { ...files, '/large.m3u8': child.replace('#EXTINF', protectedBy), '/small.m3u8': small };
    for (const [path, gone] of [
      ['/protected', sealed],
      ['/without', { ...files, '/large.m3u8': large, '/small.m3u8': large }],
    ] as const) {
      const { playlist: heard } = await readMultivariant(placed(path, gone));
      expect(heard.variants.every(({ resolution }) => resolution === undefined)).toBe(true);
    }
  });

  test('pictures that are missing for a while are looked for again', async () => {
    const files = await several();
    const parts = Object.keys(files).filter((path) => /^\/(large|small)\d/.test(path));
    const link = placed('/a-while', files);
    for (const path of parts) origin.places.delete(`/a-while${path}`);
    expect((await readMultivariant(link)).playlist.variants.every(({ resolution }) => resolution === undefined)).toBe(
      true,
    );
    placed('/a-while', files);
    expect((await readMultivariant(link)).playlist.variants[0]?.resolution).toEqual({ width: 428, height: 240 });
  });

  test('other pictures to the same sound have other addresses and tags', async () => {
    const files = await several();
    const link = placed('/other', files);
    const first = await readMedia(`${link}/v240.m3u8`);
    placed('/other', {
      ...Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path.replace('/large', '/again'), bytes])),
      '/large.m3u8': String(Buffer.from(files['/large.m3u8'] ?? [])).replaceAll('large', 'again'),
    });
    await using other = await startBaton({ allowOrigins: [origin.origin], keys: baton.keys, store: baton.store });
    const second = await readMedia(`${link}/v240.m3u8`.replace(baton.origin, other.origin));
    const pathOf = (url: string | undefined): string => new URL(url ?? '').pathname;
    expect(pathOf(second.segments[0]?.url)).not.toBe(pathOf(first.segments[0]?.url));
    expect((await get(pathOf(first.segments[0]?.url).replace(/^/, other.origin))).status).toBe(410);
  });

  test('sound without pictures is sound, and is not asked for pictures again', async () => {
    const link = placed('/sound', await hlsFilm({ kind: 'ts', output: ['-vn'] }));
    const { playlist } = await readMultivariant(link);
    expect(playlist.variants.every(({ resolution }) => resolution === undefined)).toBe(true);
    const before = origin.seen.length;
    await readMultivariant(link);
    expect(origin.seen.slice(before)).toEqual([]);
  });
});

/** Two variants of pictures beside one rendition of sound, all on one clock. */
async function several(): Promise<Record<string, Uint8Array | string>> {
  const apart = (what: string): string[] => [what, '-output_ts_offset', '10'];
  const recipe = { film: { width: 428, height: 240 }, kind: 'fmp4' } as const;
  return {
    ...(await hlsFilm({ ...recipe, name: 'large', output: apart('-an') })),
    ...(await hlsFilm({ kind: 'ts', name: 'small', output: apart('-an') })),
    ...(await hlsFilm({ ...recipe, name: 'sound', output: apart('-vn') })),
    '/main.m3u8': `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="sound",DEFAULT=YES,URI="sound.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180,CODECS="avc1.64000d,mp4a.40.2",AUDIO="sound"
small.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=428x240,CODECS="avc1.640015,mp4a.40.2",AUDIO="sound"
large.m3u8
`,
  };
}

async function codeOf(url: string): Promise<string> {
  const { code } = JSON.parse((await get(url)).bytes.toString()) as { code: string };
  return code;
}
