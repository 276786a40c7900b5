import { expect, test } from 'vitest';
import { writeAvcConfig } from '../../src/media/avc.ts';
import { ascii, box } from '../../src/media/fmp4-box.ts';
import { videoFragment, videoInit, type VideoSample } from '../../src/media/fmp4-video.ts';
import { readFragments } from '../../src/media/fragments.ts';
import { readPictureInit } from '../../src/media/fragment-init.ts';
import { boxAt } from '../../src/media/box-read.ts';
import { readPictures } from '../../src/source/hls-pictures.ts';
import type { ProbeRecord, Source } from '../../src/source/record.ts';
import type { Sources } from '../../src/source/sources.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { eachRange, type FilmBytes } from '../../src/video/film-bytes.ts';
import { createFilms } from '../../src/video/films.ts';
import { offeredVideo, type OfferedVideo } from '../../src/video/offered.ts';
import { never, openFilm } from '../support/film-file.ts';

const TIMESCALE = 1000;
const SEQUENCE = Uint8Array.of(0x67, 66, 0xc0, 30, 0xda, 0x05, 0x02, 0x84);
const CONFIG = writeAvcConfig([SEQUENCE], [Uint8Array.of(0x68, 0xce, 0x3c, 0x80)]);
const track = { timescale: TIMESCALE, config: CONFIG, width: 320, height: 180, duration: null };
const picture: VideoSample = { bytes: Uint8Array.of(0, 0, 0, 2, 0x65, 1), duration: 40, shownAfter: 0, isKey: true };

const fragment = (decodeTime: number, samples: readonly VideoSample[]): Uint8Array =>
  videoFragment({ sequence: 1, decodeTime, samples });

test('a single picture that lasts no time is a film all the same', async () => {
  const file = Buffer.concat([videoInit(track), fragment(0, [{ ...picture, duration: 0, shownAfter: 2000 }])]);
  const film = await openFilm(file);
  expect(film.facts.rate).toBe(25);
  const rungs: readonly OfferedVideo[] = offeredVideo(film, 'version', { engine: { id: 'engine' } } as Parameters<
    typeof offeredVideo
  >[2]);
  expect(rungs.map(({ durations }) => durations.length)).toEqual([1]);
});

test('a film of more than a day is refused before its segments are laid', async () => {
  const lasting = async (seconds: number): Promise<number> => {
    const last = fragment(seconds * TIMESCALE, [picture]);
    const file = Buffer.concat([videoInit(track), fragment(0, [picture]), last]);
    const sources = { bytes: (_: Source, range: { start: number; end: number }) => pieces(file, range) };
    const films = createFilms(sources as unknown as Sources, memoryStore({ maxBytes: 2 ** 20 }));
    const record = { container: 'mp4', version: 'version', size: file.length, isSilent: true } as ProbeRecord;
    return (await films.open({ url: 'https://films.test/long.mp4', record } as Source, never)).duration;
  };
  expect(await lasting(80_000)).toBeCloseTo(80_000.04, 3);
  await expect(lasting(4_000_000)).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE' });
});

test('samples that all lie in the same bytes take no more than their segment', () => {
  const one = fragment(0, [{ ...picture, bytes: new Uint8Array(100_000) }]);
  const moof = boxAt(one, 'moof') ?? new Uint8Array();
  const traf = boxAt(moof, 'traf') ?? new Uint8Array();
  const run = box('trun', boxAt(traf, 'trun') ?? []);
  const head = box('tfhd', boxAt(traf, 'tfhd') ?? []);
  const many = box('moof', box('traf', head, ...Array.from({ length: 300 }, () => run)));
  const segment = Buffer.concat([many, box('mdat', new Uint8Array(200_000)), box('free', ascii('x'.repeat(8)))]);
  const init = readPictureInit(videoInit(track));
  if (init === null) throw new Error('no track');
  const samples = readFragments(segment, init);
  expect(samples.length).toBeGreaterThan(0);
  expect(samples.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(segment.length);
});

test('a segment of HLS has no more pictures and parameter sets than make sense', () => {
  const context = { track: readPictureInit(videoInit(track)), near: null, known: null };
  const many = (count: number): Uint8Array => fragment(0, Array<VideoSample>(count).fill(picture));
  expect(readPictures(many(10_000), context).pictures.length).toBe(10_000);
  expect(() => readPictures(many(10_001), context)).toThrow(expect.objectContaining({ code: 'SOURCE_DAMAGED' }));
  const sets = Array.from({ length: 30 }, (_, index) => Buffer.concat([Uint8Array.of(0x68, index), Buffer.alloc(300)]));
  const large = {
    ...context,
    track: readPictureInit(videoInit({ ...track, config: writeAvcConfig([SEQUENCE], sets) })),
  };
  expect(() => readPictures(many(1), large)).toThrow(expect.objectContaining({ code: 'SOURCE_DAMAGED' }));
});

test('a picture of more than 32 MB is refused before any of it is read', async () => {
  const asked: unknown[] = [];
  const bytes: FilmBytes = { size: 2 ** 32, stream: (range) => (asked.push(range), pieces(new Uint8Array(8), range)) };
  const read = eachRange(bytes, [{ start: 0, end: 33 * 2 ** 20 }], never);
  await expect(read.next()).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE' });
  expect(asked).toEqual([]);
});

// eslint-disable-next-line @typescript-eslint/require-await -- as reading from an origin is
async function* pieces(
  file: Uint8Array,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Uint8Array, void> {
  yield file.subarray(start, end);
}
