import { expect, test } from 'vitest';
import { chapterAt } from '../../player/element/chapter-at.ts';
import { parseChapters } from '../../player/element/chapters.ts';
import { parsePlaylist } from '../../player/element/playlist.ts';
import { toChapter } from '../../player/element/to-chapter.ts';
import type { Playback } from '../../player/playback.ts';

test('podcast JSON chapters are read in order of time, each up to the next', () => {
  const json = {
    version: '1.2.0',
    chapters: [
      { startTime: 60, title: 'Second', img: 'https://example.org/a.jpg' },
      { startTime: 0, title: 'First' },
      { startTime: 90, title: 'An advertisement', toc: false },
      { startTime: 120.5, endTime: 130, title: 'Third' },
      { title: 'no start' },
      { startTime: -1, title: 'before the start' },
      'not a chapter',
    ],
  };
  expect(parseChapters(json)).toEqual([
    { start: 0, end: 60, title: 'First' },
    { start: 60, end: 120.5, title: 'Second' },
    { start: 120.5, end: 130, title: 'Third' },
  ]);
});

test.each([null, undefined, 7, 'text', {}, { chapters: 'none' }, { chapters: [null, 1] }])(
  'of %j no chapters come',
  (value) => {
    expect(parseChapters(value)).toEqual([]);
  },
);

test('the chapter at a place is the one that holds it, and there may be none', () => {
  const chapters = parseChapters([
    { start: 5, end: 10, title: 'a' },
    { start: 10, title: 'b' },
  ]);
  expect([0, 4.99, 5, 9.9, 10, 1e6].map((place) => chapterAt(chapters, place))).toEqual([-1, 0, 0, 0, 1, 1]);
  expect(chapterAt(parseChapters([{ start: 0, end: 3, title: 'only' }]), 4)).toBe(-1);
});

test('a playlist keeps what can be played, with full addresses', () => {
  const list = [
    {
      title: 'One',
      sources: [{ src: 'a.mp4', type: 'audio/mp4; codecs="mp4a.40.2"' }, { src: '/b.mp3' }],
      duration: 60,
    },
    { title: 'Nothing to play', sources: [] },
    { sources: [{ src: 'https://cdn.example/c.mp3' }], artwork: 'c.jpg', chapters: [{ startTime: 0, title: 'Start' }] },
    { sources: [{ src: 'd.mp3' }], chapters: 'd.json', duration: 'long', title: 4 },
    'no episode',
  ];
  const none = { title: '', artist: '', artwork: '', chapters: null, duration: null };
  expect(parsePlaylist(list, 'https://example.org/feed/list.json')).toEqual([
    {
      ...{ ...none, title: 'One', duration: 60 },
      sources: [
        { src: 'https://example.org/feed/a.mp4', type: 'audio/mp4; codecs="mp4a.40.2"' },
        { src: 'https://example.org/b.mp3' },
      ],
    },
    {
      ...none,
      ...{ sources: [{ src: 'https://cdn.example/c.mp3' }], artwork: 'https://example.org/feed/c.jpg' },
      chapters: [{ start: 0, end: Infinity, title: 'Start' }],
    },
    { ...none, sources: [{ src: 'https://example.org/feed/d.mp3' }], chapters: 'https://example.org/feed/d.json' },
  ]);
  expect(parsePlaylist({ items: [] }, 'https://example.org/')).toEqual([]);
});

test.each([
  [0, 1, 5],
  [12, 1, 20],
  [12, -1, 5],
  [19.97, 1, 30],
  [21, -1, 5],
  [24, -1, 20],
  [35, 1, null],
])('from %f s the chapter %i away begins at %s, also from between two', (place, by, to) => {
  const chapters = parseChapters([
    { start: 5, end: 10, title: 'a' },
    { start: 20, end: 25, title: 'b' },
    { start: 30, title: 'c' },
  ]);
  let went: number | null = null;
  const playback = { position: () => place, seek: (seconds: number) => (went = seconds) } as unknown as Playback;
  expect(toChapter({ playback, chapters: () => chapters }, by)).toBe(true);
  expect(went).toBe(to);
});
