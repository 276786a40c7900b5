import { expect, test } from 'vitest';
import { formatPlace, parsePlace } from '../../src/hls/place.ts';

test.each([
  ['a128.m3u8', { track: { kind: 'audio', kbps: 128 }, part: { kind: 'playlist' } }],
  ['v480.m3u8', { track: { kind: 'video', height: 480 }, part: { kind: 'playlist' } }],
  ['a64-0123abcd.mp4', { track: { kind: 'audio', kbps: 64 }, part: { kind: 'init', version: '0123abcd' } }],
  [
    'v1080-0123abcd-17.m4s',
    { track: { kind: 'video', height: 1080 }, part: { kind: 'segment', version: '0123abcd', index: 17 } },
  ],
  [
    'a192-00000000-0.m4s',
    { track: { kind: 'audio', kbps: 192 }, part: { kind: 'segment', version: '00000000', index: 0 } },
  ],
] as const)('%s is read and written back', (text, place) => {
  expect(parsePlace(text)).toEqual(place);
  expect(formatPlace(place)).toBe(text);
});

test.each([
  ...['', 'a', 'a128', 'a.m3u8', 'a0128.m3u8', 'a128.M3U8', 'b128.m3u8', 'a128.mp4', 'a128-17.m4s', 'a-128.m3u8'],
  ...['a128-0123abcd-017.m4s', 'a128-0123abcd--1.m4s', 'a128-0123abcd-1e3.m4s', 'a128-0123abcd-17.mp4'],
  ...['a128-0123ABCD-17.m4s', 'a128-0123abc-17.m4s', 'a128-0123abcd-17.m4s.m3u8', 'a128-0123abcd-9999999999999.m4s'],
  ...['a128.m3u8\n', ' a128.m3u8', 'a128.m3u8/a128.m3u8', '__proto__', 't.5000'],
])('%j is no place', (text) => {
  expect(parsePlace(text)).toBeNull();
});
