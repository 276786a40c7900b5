import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoFilm, type DemoFilm } from '../../src/local/demo-film.ts';
import { BITS, bitCell, FLASH_FRAMES, FRAMES_PER_SECOND, WIDTH } from '../../src/local/demo-film-picture.ts';
import { decode, FFMPEG, ffmpeg, ffprobe } from '../support/ffmpeg.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';

const FRAMES = 1500;
let folder = '';
let film: DemoFilm;
const fractions: number[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-test-'));
  const { signal } = new AbortController();
  film = await demoFilm(folder, { path: FFMPEG, signal, onProgress: (fraction) => fractions.push(fraction) });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the demo film', () => {
  it('shows every frame once, in order, and flashes on the second', async () => {
    const row = bitCell(0).y + bitCell(0).height / 2;
    const flashRow = 120;
    const rows = `[0:v]format=gray,split[a][b];[a]crop=${WIDTH}:1:0:${row}[c];[b]crop=${WIDTH}:1:0:${flashRow}[d];[c][d]vstack`;
    const bytes = await readFile(film.file);
    const picture = await ffmpeg(
      ['-f', 'mp4', '-i', 'pipe:0', '-filter_complex', rows, '-f', 'rawvideo', 'pipe:1'],
      bytes,
    );
    const lumaAt = (frame: number, line: 0 | 1, x: number): number => picture[(frame * 2 + line) * WIDTH + x] ?? 0;
    const numberIn = (frame: number): number =>
      Array.from({ length: BITS }, (_, bit) => lumaAt(frame, 0, bitCell(bit).x + bitCell(bit).width / 2) > 128).reduce(
        (number, isSet) => number * 2 + Number(isSet),
        0,
      );
    const frames = Array.from({ length: picture.length / (2 * WIDTH) }, (_, frame) => frame);
    expect(frames).toHaveLength(FRAMES);
    expect(frames.map(numberIn)).toEqual(frames);
    const flashes = frames.filter((frame) => lumaAt(frame, 1, 128) > 128);
    expect(flashes).toEqual(frames.filter((frame) => frame % FRAMES_PER_SECOND < FLASH_FRAMES));
  });

  it('beeps with each flash', async () => {
    const { data, sampleRate } = await decode(film.file);
    expect(sampleRate).toBe(48_000);
    for (let second = 1; second < 60; second++) {
      const loud = data.findIndex((value, at) => at > (second - 0.5) * sampleRate && Math.abs(value) > 3000);
      expect(Math.abs(loud / sampleRate - second)).toBeLessThan(0.002);
    }
  });

  it('is an MP4 as others make them', async ({ skip }) => {
    const probed = (await ffprobe(film.file)) ?? skip('no ffprobe');
    expect(probed.streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    expect(Number(probed.format.duration)).toBeCloseTo(film.durationMs / 1000, 1);
    expect(film.bytes).toBe((await readFile(film.file)).length);
  });

  it('is made once, tells how far it is, and leaves nothing else behind', async () => {
    expect(fractions[0]).toBe(0);
    expect(fractions.at(-1)).toBe(1);
    const fail = (): void => expect.unreachable('made again');
    const { signal } = new AbortController();
    expect(await demoFilm(folder, { path: FFMPEG, signal, onProgress: fail })).toEqual(film);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('stops when it is asked to, without a file and without an ffmpeg', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'baton-test-'));
    const stop = new AbortController();
    const reason = new Error('enough');
    const onProgress = (fraction: number): void => {
      if (fraction > 0.01) stop.abort(reason);
    };
    await expect(demoFilm(empty, { path: FFMPEG, signal: stop.signal, onProgress })).rejects.toBe(reason);
    expect(await readdir(empty)).toEqual([]);
    expect(
      await settled(
        () => ffmpegProcesses(),
        ({ length }) => length === 0,
      ),
    ).toEqual([]);
    await rm(empty, { recursive: true });
  });
});
