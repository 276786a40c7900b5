import { expect, test } from 'vitest';
import { cleanText, readIcyTitle, splitTitle, webAddress } from '../../src/media/icy-title.ts';
import { legacyBytes } from '../support/legacy-bytes.ts';

test.each([
  ["StreamTitle='Artist - Title';", { artist: 'Artist', title: 'Title' }],
  [
    "StreamTitle='Artist - Title';StreamUrl='https://a.test/x?y=1';",
    { artist: 'Artist', title: 'Title', url: 'https://a.test/x?y=1' },
  ],
  ["StreamUrl='http://a.test/';StreamTitle='A';", { title: 'A', url: 'http://a.test/' }],
  ["StreamTitle='Don't Stop';", { title: "Don't Stop" }],
  [
    "StreamTitle='Guns N' Roses - Sweet Child O' Mine';StreamUrl='';",
    { artist: "Guns N' Roses", title: "Sweet Child O' Mine" },
  ],
  ["StreamTitle='He said 'no'; then left';StreamUrl='';", { title: "He said 'no'; then left" }],
  ["StreamTitle='a;b=c;d';adw_ad='true';durationMilliseconds='30060';", { title: 'a;b=c;d' }],
  ["StreamTitle='';StreamUrl='';", { title: '' }],
  ["streamtitle='small letters';", { title: 'small letters' }],
  [
    "StreamTitle='&#1050;&#x438;&#1085;&#1086; - Simon &amp; Garfunkel &quot;live&QUOT; &#9;&#99999999;&nbsp;';",
    { artist: 'Кино', title: 'Simon & Garfunkel "live" &#99999999;&nbsp;' },
  ],
  // broken and cut off
  ["StreamTitle='cut o", { title: 'cut o' }],
  ["StreamTitle='cut off'", { title: 'cut off' }],
  ["StreamTitle='no end;", { title: 'no end;' }],
  ["StreamTitle='A';StreamUrl='javascript:alert(1)';", { title: 'A' }],
  ["StreamTitle='A';StreamUrl='&artist=x';", { title: 'A' }],
  ["  StreamTitle='spaces around'  ;", { title: 'spaces around' }],
  ["StreamTitle='one\r\ntwo\x1b[31m';", { title: 'one two [31m' }],
  ["StreamTitle='\u202eevil\u2066 \ufeff';", { title: 'evil' }],
  ["StreamTitle='padded';\0\0\0StreamTitle='behind';", { title: 'padded' }],
])('%j', (text, title) => {
  expect(readIcyTitle(Buffer.from(text))).toEqual(title);
});

test.each(['', '\0\0\0', 'StreamTitle=', "Title='x';", "XStreamTitle='x';", 'garbage'])('%j names no title', (text) => {
  expect(readIcyTitle(Buffer.from(text))).toBeNull();
});

test.each([
  ['windows-1251', 'Кино - Группа крови', 'Кино', 'Группа крови'],
  ['koi8-r', 'Кино - Группа крови', 'Кино', 'Группа крови'],
  ['windows-1252', 'Beyoncé - Déjà Vu', 'Beyoncé', 'Déjà Vu'],
  ['shift_jis', '宇多田ヒカル - 初恋', '宇多田ヒカル', '初恋'],
])('a title in %s: %s', (charset, text, artist, title) => {
  const bytes = Buffer.concat([
    Buffer.from("StreamTitle='"),
    legacyBytes(charset, text),
    Buffer.from("';StreamUrl='';"),
  ]);
  expect(readIcyTitle(bytes)).toEqual({ artist, title });
});

test.each([
  ['A - B - C', { title: 'A - B - C' }],
  ['A-B', { title: 'A-B' }],
  [' - B', { title: '- B' }],
  ['A - ', { title: 'A -' }],
  ['A  -  B', { artist: 'A', title: 'B' }],
])('%j is split only where it is clear: %j', (text, title) => {
  expect(splitTitle(text)).toEqual(title);
});

test('a text is capped without cutting a letter in two', () => {
  expect(cleanText('🐎'.repeat(1000))).toBe('🐎'.repeat(300));
  expect(cleanText('x'.repeat(301))).toHaveLength(300);
});

test.each(['ftp://a.test/', 'javascript:alert(1)', '/x', '', 'http://', `https://a.test/${'x'.repeat(1000)}`])(
  '%j is not followed',
  (text) => {
    expect(webAddress(text)).toBeNull();
  },
);
