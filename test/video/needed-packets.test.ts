import { expect, test } from 'vitest';
import { matroskaPacket, matroskaPicturesHead } from '../../src/media/matroska.ts';
import type { FilmFacts, FilmPacket } from '../../src/video/film.ts';
import { neededPackets } from '../../src/video/needed-packets.ts';
import { film, H264, type FilmRecipe } from '../support/film.ts';
import { ffmpeg, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { never, openFilm } from '../support/film-file.ts';

const LONG = ['-g', '1000', '-bf', '3'];
const HEVC = ['-tag:v', 'hvc1', '-x265-params', 'keyint=1000:bframes=3:scenecut=0'];
const FROM = 5.41;

const SOURCES: Readonly<Record<string, FilmRecipe>> = {
  'H.264': { audio: null, video: ['-c:v', 'libx264', '-preset', 'veryfast', ...LONG] },
  'H.264 with open groups of pictures': { audio: null, video: [...H264, '-x264-params', 'open-gop=1'] },
  'H.264 in fields': {
    audio: null,
    video: ['-c:v', 'libx264', '-preset', 'veryfast', ...LONG, '-flags', '+ildct+ilme'],
  },
  ...(SYSTEM_FFMPEG !== null && {
    HEVC: { audio: null, video: ['-c:v', 'libx265', '-preset', 'ultrafast', ...HEVC] },
  }),
};

test.each(Object.entries(SOURCES))('%s: what is left out changes nothing of what is shown', async (_, recipe) => {
  const { facts, ...source } = await openFilm(await film(recipe));
  const all = await Array.fromAsync(source.packets(FROM, 8, never));
  const needed = await Array.fromAsync(neededPackets(source.packets(FROM, 8, never), facts, FROM));
  const shown = Math.max(...all.map(({ at }) => at).filter((at) => at <= FROM));

  const before = await decoded(facts, all, shown);
  expect(before.length).toBeGreaterThan(60);
  expect(await decoded(facts, needed, shown)).toEqual(before);
  expect(needed.length).toBeLessThan(all.length);
});

test('all is kept of what does not say what it is for', async () => {
  const { facts, ...source } = await openFilm(await film(SOURCES['H.264']));
  const all = await Array.fromAsync(source.packets(FROM, 8, never));
  for (const unknown of [
    { ...facts, codec: 'mpeg4' as const },
    { ...facts, config: null },
  ])
    expect(await Array.fromAsync(neededPackets(source.packets(FROM, 8, never), unknown, FROM))).toEqual(all);
});

/** Hashes of the pictures shown from `from` on, each behind its time. */
async function decoded(facts: FilmFacts, packets: readonly FilmPacket[], from: number): Promise<string[]> {
  const codecId = facts.codec === 'hevc' ? 'V_MPEGH/ISO/HEVC' : 'V_MPEG4/ISO/AVC';
  const { width, height, config } = facts;
  const head = matroskaPicturesHead({
    codecId,
    width,
    height,
    pictureMs: 40,
    codecPrivate: config ?? new Uint8Array(),
  });
  const clusters = packets.map(({ bytes, at }) => matroskaPacket(bytes, at * 1000));
  const args = [
    '-copyts',
    '-f',
    'matroska',
    '-i',
    'pipe:0',
    '-vsync',
    'passthrough',
    '-enc_time_base',
    '1:1000',
    '-f',
    'framemd5',
    'pipe:1',
  ];
  const text = (await ffmpeg(args, Buffer.concat([head, ...clusters]), SYSTEM_FFMPEG ?? undefined)).toString();
  const frames = text.split('\n').filter((line) => line.startsWith('0,'));
  return frames.filter((line) => Number(line.split(',')[2]) >= Math.round(from * 1000));
}
