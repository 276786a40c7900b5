import { describe, expect, test } from 'vitest';
import { BatonError } from '../../src/errors.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { FilmBytes } from '../../src/video/film-bytes.ts';
import { offeredVideo } from '../../src/video/offered.ts';
import { fetchPictures } from '../../src/video/open-movie.ts';
import { testEngine } from '../support/baton.ts';
import { film } from '../support/film.ts';
import { never, openFilm, segmentOf } from '../support/film-file.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';

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

/** The film with a box of it changed: `change` gets the content of the first box of that type in the picture track. */
async function forged(type: string, change: (box: DataView) => void): Promise<Uint8Array> {
  const bytes = Uint8Array.from(await film({ video: LONG_GOP }));
  const at = Buffer.from(bytes.buffer).indexOf(type, Buffer.from(bytes.buffer).indexOf('vide'));
  const size = new DataView(bytes.buffer).getUint32(at - 4);
  change(new DataView(bytes.buffer, at + 4, size - 8));
  return bytes;
}

test.each<[string, string, (box: DataView) => void]>([
  ['more samples than there are sizes', 'stsz', (box) => box.setUint32(8, 1_000_000)],
  [
    'four billion samples of one size',
    'stsz',
    (box) => {
      box.setUint32(4, 9);
      box.setUint32(8, 0xffff_ffff);
    },
  ],
  ['times for fewer samples', 'stts', (box) => box.setUint32(8, 3)],
  ['no places', 'stco', (box) => box.setUint32(4, 0)],
  ['chunks of no samples', 'stsc', (box) => box.setUint32(12, 0)],
  ['a clock that stands still', 'mdhd', (box) => box.setUint32(12, 0)],
])('%s: a clear error', async (_, type, change) => {
  const bytes = type === 'mdhd' ? await withStillClock() : await forged(type, change);
  await expect(openFilm(bytes)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' });
});

test.each<[string, string, (box: DataView) => void]>([
  ['samples beyond the end of the file', 'stco', (box) => box.setUint32(8, 0x7fff_ffff)],
  ['samples of nothing', 'stco', (box) => box.setUint32(8, 8)],
])('%s: a clear error when a segment is asked for, and no process is left', async (_, type, change) => {
  const [video] = await offered(await forged(type, change));
  const failure = await segmentOf(video, 0).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(BatonError);
  expect(failure).toMatchObject({ code: 'SOURCE_DAMAGED' });
  expect(await settled(ffmpegProcesses, (ids) => ids.length === 0)).toEqual([]);
});

describe('fragments', () => {
  const FRAGMENTS = {
    video: LONG_GOP,
    output: ['-movflags', 'empty_moov+default_base_moof+skip_trailer', '-frag_duration', '1000000'],
  };

  /** With the first box of a type changed; `change` gets it with its head. */
  async function altered(type: string, change: (box: DataView) => void): Promise<Uint8Array> {
    const bytes = Uint8Array.from(await film(FRAGMENTS));
    const at = Buffer.from(bytes.buffer).indexOf(type, Buffer.from(bytes.buffer).indexOf('moof') - 4);
    change(new DataView(bytes.buffer, at - 4));
    return bytes;
  }

  test.each<[string, string, string, (box: DataView) => void]>([
    [
      'four billion samples that say nothing of themselves',
      'SOURCE_TOO_LARGE',
      'trun',
      (box) => {
        box.setUint32(8, 0);
        box.setUint32(12, 0xffff_ffff);
      },
    ],
    ['a fragment of two gigabytes', 'SOURCE_TOO_LARGE', 'moof', (box) => box.setUint32(0, 0x7fff_ffff)],
    ['fragments that are none', 'SOURCE_NO_VIDEO', 'moof', (box) => box.setUint32(0, 4)],
    ['times that run backwards', 'SOURCE_DAMAGED', 'tfdt', (box) => box.setUint32(12, 0x7fff_ffff)],
  ])('%s: a clear error', async (_, code, type, change) => {
    await expect(openFilm(await altered(type, change))).rejects.toMatchObject({ code });
  });

  test('without end: not for ever', async () => {
    const head = Buffer.from(await film(FRAGMENTS));
    const fragment = Buffer.concat([Buffer.from([0, 0, 0, 8]), Buffer.from('moof')]);
    const one = Buffer.concat(Array.from({ length: 2048 }, () => fragment));
    const start = head.indexOf('moof') - 4;
    const endless: FilmBytes = {
      size: null,
      // eslint-disable-next-line @typescript-eslint/require-await -- as reading from an origin is
      async *stream(range) {
        if (range.start < start) yield head.subarray(range.start, Math.min(start, range.end));
        for (let at = Math.max(range.start, start); at < range.end; at += one.length - ((at - start) % 8))
          yield one.subarray((at - start) % 8, Math.min(one.length, range.end - at));
      },
    };
    await expect(fetchPictures(endless, never)).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE' });
  });

  test('that end in the middle give what is there', async () => {
    const whole = await film(FRAGMENTS);
    const { duration } = await openFilm(whole.subarray(0, Math.floor(whole.length * 0.6)));
    expect(duration).toBeGreaterThan(5);
    expect(duration).toBeLessThan(12);
  });
});

test('pictures that are far larger than they say are not decoded', async () => {
  const bytes = await film({ video: [...LONG_GOP, '-vf', 'scale=8192:64'] });
  const [video] = await offered(Uint8Array.from(bytes));
  expect(video.width).toBeLessThanOrEqual(8192);
  await expect(segmentOf(video, 0)).resolves.toBeInstanceOf(Buffer);
});

test('a key frame for two minutes is too few', async () => {
  const small = { seconds: 120, width: 64, height: 36, audio: null };
  const [video] = await offered(await film({ ...small, rate: '10', video: [...LONG_GOP, '-g', '5000'] }));
  await expect(segmentOf(video, 18)).rejects.toMatchObject({ code: 'VIDEO_KEYS_RARE' });
});

async function offered(bytes: Uint8Array) {
  const deps = { engine: await testEngine(), store: memoryStore({ maxBytes: 1e6 }) };
  const [video] = offeredVideo(await openFilm(bytes), 'version', deps).slice(-1);
  if (video === undefined) throw new Error('nothing is offered');
  return [video] as const;
}

async function withStillClock(): Promise<Uint8Array> {
  const bytes = Uint8Array.from(await film({ video: LONG_GOP }));
  const buffer = Buffer.from(bytes.buffer);
  for (let at = buffer.indexOf('mdhd'); at >= 0; at = buffer.indexOf('mdhd', at + 1)) buffer.writeUInt32BE(0, at + 16);
  return bytes;
}
