import { parseBuffer } from 'music-metadata';
import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { lacingOf, writeOggPage } from '../../src/media/ogg-page.ts';
import { opusHeaderPages } from '../../src/media/opus-head.ts';
import type { Tags } from '../../src/media/tags.ts';
import { writeVorbisComment } from '../../src/media/vorbis-comment.ts';
import { inFolder } from '../support/ffmpeg.ts';
import { FFPROBE, ffprobe, randomBytes } from './sound.ts';

const TAGS: Tags = {
  title: 'Größe = Höhe × 2 – 音',
  artist: 'A=B',
  album: 'Eine Sammlung',
  chapters: [
    { startMs: 0, endMs: 61_500, title: 'Anfang' },
    { startMs: 61_500, endMs: 3_723_004, title: '' },
    { startMs: 3_723_004.4, endMs: 359_999_999, title: 'Ende = 終' },
    { startMs: 359_999_999, endMs: 360_001_000, title: 'Nach 100 Stunden' },
  ],
};

/** A stream with these headers and half a second of silence. */
function stream(tags: Tags, channels: 1 | 2 = 2): Buffer {
  const header = opusHeaderPages({ channels, preSkip: 312, tags, serial: 99 });
  const silence = Uint8Array.of(channels === 2 ? 0xfc : 0xf8, 0xff, 0xfe);
  const packets = Array<Uint8Array>(25).fill(silence);
  const audio = { serial: 99, sequence: header.length, granule: 24_000, isLast: true } as const;
  return Buffer.concat([
    ...header,
    writeOggPage({ ...audio, lacing: packets.flatMap(() => lacingOf(3)), body: packets }),
  ]);
}

test('title, artist and album are read by others', async () => {
  const { common, format } = await parseBuffer(stream(TAGS, 1), 'audio/ogg', { duration: true });
  expect(common).toMatchObject({ title: TAGS.title, artist: TAGS.artist, album: TAGS.album });
  expect(format).toMatchObject({ container: 'Ogg', codec: 'Opus', numberOfChannels: 1, sampleRate: 48_000 });
  expect(format.numberOfSamples).toBe(24_000 - 312);
});

test.skipIf(FFPROBE === null)('chapters are read by ffprobe, to the millisecond', async () => {
  const seen = await inFolder(async (folder) => {
    await writeFile(`${folder}/a.opus`, stream(TAGS));
    return ffprobe(`${folder}/a.opus`, '-show_chapters') as {
      chapters: { start_time: string; tags?: { title: string } }[];
    };
  });
  expect(seen.chapters.map(({ start_time }) => Number(start_time))).toEqual([0, 61.5, 3723.004, 359_999.999]);
  expect(seen.chapters.map(({ tags }) => tags?.title)).toEqual(['Anfang', undefined, 'Ende = 終', 'Nach 100 Stunden']);
});

test.each([10, 60_000, 100_000])('a cover of %i bytes is read by others', async (size) => {
  const artwork = { mime: 'image/png', bytes: randomBytes(size, size) } as const;
  const { common } = await parseBuffer(stream({ ...TAGS, artwork }), 'audio/ogg');
  expect(common.title).toBe(TAGS.title);
  expect(common.picture).toHaveLength(1);
  expect(common.picture?.[0]).toMatchObject({ format: 'image/png', type: 'Cover (front)' });
  expect(Buffer.from(common.picture?.[0]?.data ?? []).equals(artwork.bytes)).toBe(true);
});

test('without tags there is a name of the writer and nothing else', () => {
  expect(Buffer.from(writeVorbisComment({ chapters: [] })).toString('latin1')).toBe('\x05\0\0\0Baton\0\0\0\0');
});

test('more chapters than three digits count are left out', async () => {
  const chapters = Array.from({ length: 1200 }, (_, n) => ({
    startMs: n * 1000,
    endMs: n * 1000 + 1000,
    title: `${n}`,
  }));
  const { native } = await parseBuffer(stream({ chapters }), 'audio/ogg');
  const keys = Object.values(native).flatMap((tags) => tags.map(({ id }) => id));
  expect(keys.filter((key) => key.endsWith('NAME'))).toHaveLength(1000);
});
