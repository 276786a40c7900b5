import { describe, expect, test } from 'vitest';
import { looksLikeList, readStationList } from '../../src/media/station-list.ts';
import { legacyBytes } from '../support/legacy-bytes.ts';

const BASE = 'http://radio.test/lists/main.pls';
const read = (text: string | Uint8Array) => readStationList(Buffer.from(text as string), BASE);
const streams = (...urls: string[]) => ({ kind: 'streams', urls });

describe('a list', () => {
  test.each([
    [
      'pls',
      '[playlist]\nNumberOfEntries=2\nFile1=http://a.test/1\nTitle1=x\nLength1=-1\nFile2=http://a.test/2\nVersion=2\n',
    ],
    ['pls, not in order', '[Playlist]\r\nfile2 = http://a.test/2\r\nFILE1=http://a.test/1\r\nFile10=\r\n'],
    ['m3u', 'http://a.test/1\nhttp://a.test/2\n'],
    ['m3u with one twice', 'http://a.test/1\n\n# comment\nhttp://a.test/2\nhttp://a.test/1\n'],
    ['extended m3u', '\ufeff#EXTM3U\r\n#EXTINF:-1,A station, live\r\nhttp://a.test/1\r\nhttp://a.test/2'],
    ['m3u with old line ends', '#EXTM3U\rhttp://a.test/1\rhttp://a.test/2\r'],
    ['m3u without its first line', '#EXTINF:-1,x\nhttp://a.test/1\nhttp://a.test/2\n'],
    [
      'XSPF',
      '<?xml version="1.0"?>\n<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track><location>http://a.test/1</location></track><track><location>\nhttp://a.test/2 </location></track></trackList></playlist>',
    ],
    [
      'ASX',
      '<asx version="3.0"><entry><ref href="http://a.test/1" /></entry><entry><REF HREF=\'http://a.test/2\'/></entry></asx>',
    ],
  ])('%s', (_, text) => {
    expect(looksLikeList(Buffer.from(text))).toBe(true);
    expect(read(text)).toEqual(streams('http://a.test/1', 'http://a.test/2'));
  });

  test('may name streams beside it, and nothing that is not http', () => {
    expect(read('#EXTM3U\nlive.mp3\n/x?a=1\nfile:///etc/passwd\nmms://a.test/\nrtsp://a.test/\nC:\\x.mp3\n')).toEqual(
      streams('http://radio.test/lists/live.mp3', 'http://radio.test/x?a=1'),
    );
    expect(read('<asx><entry><ref href="http://a.test/?a=1&amp;b=2"/></entry></asx>')).toEqual(
      streams('http://a.test/?a=1&b=2'),
    );
  });

  test('has titles in any charset', () => {
    const title = legacyBytes('windows-1251', '#EXTINF:-1,Радио\n');
    const text = Buffer.concat([Buffer.from('#EXTM3U\n'), title, Buffer.from('http://a.test/1\n')]);
    expect(read(text)).toEqual(streams('http://a.test/1'));
  });

  test('is cut at twenty addresses', () => {
    const text = Array.from({ length: 100 }, (_, i) => `http://a.test/${i}`).join('\n');
    const list = read(text);
    expect(list?.kind === 'streams' && list.urls.length).toBe(20);
  });

  test('of nothing names nothing', () => {
    expect(read('[playlist]\nNumberOfEntries=0\n')).toEqual(streams());
    expect(read('#EXTM3U\n')).toEqual(streams());
  });
});

test.each([
  '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n',
  '#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=128000\r\nlow.m3u8\r\n',
])('%j is HLS', (text) => {
  expect(looksLikeList(Buffer.from(text))).toBe(true);
  expect(read(text)).toEqual({ kind: 'hls' });
});

test.each([
  '<!doctype html><html><body>hello</body></html>',
  '<?xml version="1.0"?><rss></rss>',
  'hello\nthere',
  '',
  '{"a": 1}',
])('%j is none', (text) => {
  expect(read(text)).toBeNull();
});

test('sound does not look like a list', () => {
  expect(looksLikeList(Uint8Array.of(0xff, 0xfb, 0x90, 0x44))).toBe(false);
  expect(looksLikeList(Buffer.concat([Buffer.from('#EXTM3U'), Buffer.of(0, 1, 2, 3)]))).toBe(false);
  expect(looksLikeList(Buffer.from('OggS\0\x02'))).toBe(false);
  expect(looksLikeList(new Uint8Array())).toBe(false);
});
