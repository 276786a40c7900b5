import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { id3Size, readId3 } from '../../src/media/id3.ts';
import { writeId3 } from '../../src/media/id3-write.ts';
import type { Tags } from '../../src/media/tags.ts';
import { ffmpeg, FFMPEGS, FFPROBE, ffprobe, join, mp3 } from './sound.ts';

const folder = mkdtempSync(`${tmpdir()}/baton-id3-write-`);
afterAll(() => rmSync(folder, { recursive: true }));

const picture = ffmpeg([
  '-f',
  'lavfi',
  '-i',
  'color=blue:s=32x32',
  '-frames:v',
  '1',
  '-c:v',
  'png',
  '-f',
  'image2pipe',
  'pipe:1',
]);
const tags: Tags = {
  title: 'Folge 1: „Grüße“ 🎙',
  artist: 'Ánna & Ben',
  album: '番組',
  chapters: [
    { startMs: 0, endMs: 60, title: 'Začátek' },
    { startMs: 60, endMs: 200, title: '終わり' },
  ],
  artwork: { mime: 'image/png', bytes: picture },
};
const file = `${folder}/tagged.mp3`;
writeFileSync(file, join(writeId3(tags), mp3(9600)));

test.skipIf(!FFPROBE)('ffprobe reads texts, chapters and artwork of a written tag', () => {
  expect(ffprobe(file, '-show_format', '-show_chapters', '-show_streams')).toMatchObject({
    format: { tags: { title: tags.title, artist: tags.artist, album: tags.album } },
    chapters: [
      { start_time: '0.000000', end_time: '0.060000', tags: { title: 'Začátek' } },
      { start_time: '0.060000', end_time: '0.200000', tags: { title: '終わり' } },
    ],
    streams: [{ codec_name: 'mp3' }, { codec_name: 'png', width: 32, disposition: { attached_pic: 1 } }],
  });
});

test.each(FFMPEGS)('%s takes the same texts, chapters and picture out', (path) => {
  const metadata = Buffer.from(ffmpeg(['-i', file, '-f', 'ffmetadata', 'pipe:1'], undefined, path)).toString();
  for (const text of [tags.title, tags.artist, tags.album, 'START=60', 'END=200', 'title=終わり'])
    expect(metadata).toContain(text);
  expect(ffmpeg(['-i', file, '-map', '0:v', '-c', 'copy', '-f', 'image2pipe', 'pipe:1'], undefined, path)).toEqual(
    picture,
  );
});

describe('a written tag', () => {
  test('is read back as it was given, and has the size it states', () => {
    const written = writeId3(tags);
    expect(readId3(written)).toEqual(tags);
    expect(id3Size(written)).toBe(written.length);
    expect(writeId3(tags)).toEqual(written);
  });

  test('is nothing when there is nothing to say', () => {
    expect(writeId3({ chapters: [] })).toHaveLength(0);
    expect(readId3(writeId3({ title: 'T', chapters: [] }))).toEqual({ title: 'T', chapters: [] });
  });

  test('keeps a zero from ending a text, and odd times within the format', () => {
    const chapters = [
      { startMs: -5, endMs: 1.6, title: '' },
      { startMs: 2, endMs: 2 ** 40, title: 'a\0b' },
    ];
    const read = readId3(writeId3({ title: 'a\0b\ud800', chapters }));
    expect(read).toEqual({
      title: 'a b\ufffd',
      chapters: [
        { startMs: 0, endMs: 2, title: '' },
        { startMs: 2, endMs: 0xfffffffe, title: 'a b' },
      ],
    });
  });

  test.each([1, 255, 256, 600])('lists %i chapters in ordered tables of contents under one top', (count) => {
    const chapters = Array.from({ length: count }, (_, n) => ({ startMs: n, endMs: n + 1, title: `${n}` }));
    const written = writeId3({ chapters });
    expect(readId3(written).chapters).toEqual(chapters);
    const [top, ...tables] = tablesOf(written);
    const chapterIds = Array.from({ length: count }, (_, n) => `chp${n}`);
    expect(top).toMatchObject({ id: 'toc', flags: 3 });
    expect(top?.entries).toEqual(count > 255 ? tables.map(({ id }) => id) : chapterIds);
    expect(tables.flatMap(({ entries }) => entries)).toEqual(count > 255 ? chapterIds : []);
    expect(tables.every(({ flags }) => flags === 1)).toBe(true);
  });
});

interface Table {
  id: string;
  flags: number;
  entries: string[];
}

function tablesOf(written: Uint8Array): Table[] {
  const text = Buffer.from(written).toString('latin1');
  return [...text.matchAll(/CTOC.{6}([a-z0-9]+)\0(.)(.)/gs)].map(([match, id = '', flags = '', count = ''], index) => {
    const start = nth(text, 'CTOC', index) + match.length;
    const entries = text.slice(start).split('\0', count.charCodeAt(0));
    return { id, flags: flags.charCodeAt(0), entries };
  });
}

function nth(text: string, part: string, index: number): number {
  let at = text.indexOf(part);
  for (let i = 0; i < index; i++) at = text.indexOf(part, at + 1);
  return at;
}
