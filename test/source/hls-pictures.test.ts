import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readPictureInit } from '../../src/media/fragment-init.ts';
import { videoFragment, videoInit } from '../../src/media/fmp4-video.ts';
import { TIMESTAMP_WRAP } from '../../src/media/ts-pes.ts';
import { type HlsPictures, readPictures } from '../../src/source/hls-pictures.ts';
import { FFPROBE, inFolder } from '../support/ffmpeg.ts';
import { film, H264, seenFrames } from '../support/film.ts';
import { hlsFilm, type HlsFilmRecipe } from '../support/hls-film.ts';

const TIMESCALE = 90_000;
const ROWS: Readonly<Record<string, HlsFilmRecipe>> = {
  'a transport stream': { kind: 'ts' },
  'ranges of one file, without maps in each': { kind: 'ts', byteRanges: true, old: true },
  'fragmented MP4': { kind: 'fmp4' },
  'open groups of pictures': { kind: 'ts', film: { video: [...H264, '-x264-params', 'open-gop=1'] } },
  '29.97 frames a second': { kind: 'ts', film: { rate: '30000/1001' } },
};

test.each(Object.entries(ROWS))('of %s all pictures are read, when they are due', async (_, recipe) => {
  const files = await hlsFilm(recipe);
  const { read, whole } = segmentsOf(files);
  expect(read.length).toBeGreaterThan(2);
  const pictures = read.flatMap((one) => one.pictures);

  const [num = 25, den = 1] = (recipe.film?.rate ?? '25').split('/').map(Number);
  for (const { coding, rate } of read) {
    expect(rate).toBeCloseTo(num / den, 2);
    expect(coding).toMatchObject({ codec: 'h264', width: 320, height: 180, pixelAspect: [1, 1] });
  }
  if (FFPROBE !== null) {
    const packets = await packetsOf(whole);
    expect(pictures.map(({ at, decodedAt }) => [at, decodedAt].map(ms))).toEqual(
      packets.map(({ pts_time, dts_time }) => [pts_time, dts_time].map((text) => ms(Number(text)))),
    );
    // ffprobe takes what begins an open group for none.
    const keys = pictures.filter(({ isIdr }) => isIdr).map(({ at }) => ms(at));
    const stated = packets.filter(({ flags }) => flags.startsWith('K')).map(({ pts_time }) => ms(Number(pts_time)));
    if (!JSON.stringify(recipe).includes('open-gop')) expect(keys).toEqual(stated);
  }
  expect(pictures.filter(({ isKey }) => isKey).length).toBeGreaterThanOrEqual(7);
  expect(await seenFrames(muxed(read))).toEqual(await seenFrames(await film(recipe.film ?? {})));
});

test('time stamps that begin again go on near what was expected', async () => {
  const files = await hlsFilm({ kind: 'ts' });
  const { read, segments } = segmentsOf(files);
  const [first = new Uint8Array()] = segments;
  const stated = read[0]?.pictures.map(({ at }) => at) ?? [];
  const later = readPictures(first, { track: null, known: null, near: 3 * TIMESTAMP_WRAP + 5 });
  expect(later.pictures.map(({ at }) => ms(at - 3 * TIMESTAMP_WRAP))).toEqual(stated.map(ms));
});

test('a segment that is cut off or altered gives fewer pictures or a clear error, whatever it says', async () => {
  for (const kind of ['ts', 'fmp4'] as const) {
    const files = await hlsFilm({ kind });
    const { segments, track } = segmentsOf(files);
    const [first = new Uint8Array()] = segments;
    for (let round = 0; round < 200; round++) {
      const bytes = new Uint8Array(first.subarray(0, round % 2 === 0 ? first.length : (first.length * round) / 200));
      for (let hit = 0; hit < 20; hit++) bytes[(hit * 7919 * (round + 1)) % bytes.length] = (hit * 31 + round) & 0xff;
      const outcome = attempt(() => readPictures(bytes, { track, known: null, near: null }));
      if (typeof outcome === 'string') expect(outcome).toMatch(/^(SOURCE_|VIDEO_)/);
      else expect(outcome.pictures.length).toBeLessThanOrEqual(105);
    }
  }
});

function attempt(read: () => HlsPictures): HlsPictures | string {
  try {
    return read();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const ms = (seconds: number): number => Math.round(seconds * 1000);

/** As the playlist lists them. */
function segmentsOf(files: Readonly<Record<string, Uint8Array>>) {
  const text = Buffer.from(files['/main.m3u8'] ?? []).toString();
  const init = files['/main-init.mp4'];
  const track = init === undefined ? null : readPictureInit(init);
  const segments: Uint8Array[] = [];
  let range: RegExpExecArray | null = null;
  for (const line of text.split('\n')) {
    range = /^#EXT-X-BYTERANGE:(\d+)@(\d+)/.exec(line) ?? range;
    if (line === '' || line.startsWith('#')) continue;
    const file = files[`/${line}`] ?? new Uint8Array();
    const start = Number(range?.[2] ?? 0);
    segments.push(file.subarray(start, start + Number(range?.[1] ?? file.length)));
  }
  const read: HlsPictures[] = [];
  for (const segment of segments)
    read.push(readPictures(segment, { track, known: read.at(-1)?.coding ?? null, near: null }));
  return { track, segments, read, whole: Buffer.concat([init ?? new Uint8Array(), ...segments]) };
}

interface ProbedPacket {
  readonly pts_time: string;
  readonly dts_time: string;
  readonly flags: string;
}

async function packetsOf(file: Uint8Array): Promise<readonly ProbedPacket[]> {
  return await inFolder(async (folder) => {
    await writeFile(`${folder}/in`, file);
    const args = ['-v', 'error', '-select_streams', 'v', '-show_packets', '-of', 'json', `${folder}/in`];
    const { stdout } = await promisify(execFile)(FFPROBE ?? '', args, { maxBuffer: 2 ** 26 });
    return (JSON.parse(stdout) as { packets: ProbedPacket[] }).packets;
  });
}

/** As MP4, with nothing but what was read. */
function muxed(read: readonly HlsPictures[]): Buffer {
  const pictures = read.flatMap((one) => one.pictures);
  const coding = read[0]?.coding;
  if (coding?.config == null) throw new Error('no config');
  const first = pictures[0]?.decodedAt ?? 0;
  const ticks = (seconds: number): number => Math.round(seconds * TIMESCALE);
  const samples = pictures.map(({ bytes, at, decodedAt, isKey }, index) => ({
    ...{ bytes, isKey, shownAfter: ticks(at) - ticks(decodedAt) },
    duration: ticks(pictures[index + 1]?.decodedAt ?? decodedAt + 0.04) - ticks(decodedAt),
  }));
  const { width, height, config } = coding;
  const init = videoInit({ timescale: TIMESCALE, config, width, height, duration: null });
  return Buffer.concat([init, videoFragment({ sequence: 1, decodeTime: ticks(first) - ticks(first), samples })]);
}
