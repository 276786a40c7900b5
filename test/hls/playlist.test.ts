import { describe, expect, test } from 'vitest';
import { readPlaylist } from '../../src/hls/playlist.ts';
import type { MediaPlaylist } from '../../src/hls/media-playlist.ts';
import type { MultivariantPlaylist } from '../../src/hls/multivariant-playlist.ts';

const BASE = 'https://media.test/show/main.m3u8?token=a%20b';
const bytes = (...lines: readonly string[]): Uint8Array => Buffer.from(['#EXTM3U', ...lines, ''].join('\n'));

function media(...lines: readonly string[]): MediaPlaylist {
  const playlist = readPlaylist(bytes('#EXT-X-TARGETDURATION:6', ...lines), BASE);
  if (playlist.kind !== 'media') throw new Error(playlist.kind);
  return playlist;
}

function multivariant(...lines: readonly string[]): MultivariantPlaylist {
  const playlist = readPlaylist(bytes(...lines), BASE);
  if (playlist.kind !== 'multivariant') throw new Error(playlist.kind);
  return playlist;
}

const failure = (text: string | Uint8Array, base = BASE): unknown => {
  try {
    return readPlaylist(typeof text === 'string' ? Buffer.from(text) : text, base);
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
};

describe('a multivariant playlist', () => {
  test('has variants and the renditions of their groups', () => {
    const { variants, renditions } = multivariant(
      `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Tom's, 'en'",LANGUAGE="en",DEFAULT=YES,CHANNELS="2",URI="en/it's.m3u8"`,
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="muxed"',
      '#EXT-X-STREAM-INF:BANDWIDTH=2000,AVERAGE-BANDWIDTH=1500,RESOLUTION=640x360,CODECS="avc1.64001f,mp4a.40.2",AUDIO="a"',
      '../360.m3u8#part',
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100,URI="/frames.m3u8"',
    );
    expect(variants).toEqual([
      {
        url: 'https://media.test/360.m3u8',
        bandwidth: 2000,
        averageBandwidth: 1500,
        resolution: { width: 640, height: 360 },
        codecs: 'avc1.64001f,mp4a.40.2',
        audio: 'a',
        video: null,
        subtitles: null,
        isIFrames: false,
      },
      expect.objectContaining({ url: 'https://media.test/frames.m3u8', isIFrames: true, audio: null }),
    ]);
    expect(renditions).toEqual([
      {
        type: 'AUDIO',
        group: 'a',
        name: "Tom's, 'en'",
        language: 'en',
        url: "https://media.test/show/en/it's.m3u8",
        isDefault: true,
        channels: '2',
      },
      expect.objectContaining({ name: 'muxed', url: null, isDefault: false }),
    ]);
  });
});

describe('a media playlist', () => {
  test('numbers its segments and carries keys, maps and ranges along', () => {
    const playlist = media(
      '#EXT-X-MEDIA-SEQUENCE:17',
      '#EXT-X-DISCONTINUITY-SEQUENCE:3',
      '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x000102030405060708090a0b0c0d0e0f',
      '#EXT-X-MAP:URI="i.mp4",BYTERANGE="500@0"',
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.678Z',
      "#EXTINF:5.5,It's “fine”, all of it",
      '#EXT-X-BYTERANGE:100@500',
      'a.mp4',
      '#EXTINF:6',
      '#EXT-X-BYTERANGE:50',
      'a.mp4',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-KEY:METHOD=NONE',
      '#EXT-X-GAP',
      '#EXTINF:1,',
      'b.ts',
      '#EXT-X-ENDLIST',
    );
    const key = { method: 'AES-128', url: 'https://media.test/show/k', format: 'identity' };
    const map = { url: 'https://media.test/show/i.mp4', range: { start: 0, end: 500 } };
    expect(playlist).toMatchObject({ mediaSequence: 17, isEnded: true, type: null, parts: [], partTarget: null });
    expect(playlist.segments).toMatchObject([
      {
        url: 'https://media.test/show/a.mp4',
        duration: 5.5,
        title: "It's “fine”, all of it",
        range: { start: 500, end: 600 },
        key,
        map,
        programDateTime: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
        mediaSequence: 17,
        discontinuitySequence: 3,
      },
      { duration: 6, title: '', range: { start: 600, end: 650 }, key, map, mediaSequence: 18 },
      { range: null, key: null, gap: true, discontinuity: true, discontinuitySequence: 4, mediaSequence: 19 },
    ]);
    expect([...(playlist.segments[0]?.key?.iv ?? [])]).toEqual(Array.from({ length: 16 }, (_, at) => at));
  });

  test('has parts of its segments, and those of the one to come', () => {
    const { segments, parts, partTarget, canBlockReload } = media(
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5',
      '#EXT-X-PART-INF:PART-TARGET=0.5',
      '#EXT-X-PART:DURATION=0.5,URI="s.mp4",BYTERANGE="10@0",INDEPENDENT=YES',
      '#EXT-X-PART:DURATION=0.5,URI="s.mp4",BYTERANGE="20"',
      '#EXTINF:1,',
      's.mp4',
      '#EXT-X-PART:DURATION=0.4,URI="next.mp4",GAP=YES',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="soon.mp4"',
    );
    expect({ partTarget, canBlockReload }).toEqual({ partTarget: 0.5, canBlockReload: true });
    expect(segments[0]?.parts).toMatchObject([
      { range: { start: 0, end: 10 }, independent: true },
      { range: { start: 10, end: 30 }, independent: false },
    ]);
    expect(parts).toEqual([
      { url: 'https://media.test/show/next.mp4', duration: 0.4, range: null, independent: false, gap: true },
    ]);
  });

  test('may be what has changed since the last one', () => {
    const { skipped, segments } = media(
      '#EXT-X-MEDIA-SEQUENCE:100',
      '#EXT-X-SKIP:SKIPPED-SEGMENTS=3',
      '#EXTINF:6,',
      '#EXT-X-BYTERANGE:5',
      'a.ts',
    );
    expect(skipped).toBe(3);
    expect(segments).toMatchObject([{ mediaSequence: 103, range: null }]);
  });

  test('puts values in the place of variables', () => {
    const { segments } = media(
      '#EXT-X-DEFINE:NAME="host",VALUE="cdn.test"',
      '#EXT-X-DEFINE:QUERYPARAM="token"',
      '#EXTINF:6,',
      'https://{$host}/a.ts?t={$token}',
    );
    expect(segments[0]?.url).toBe('https://cdn.test/a.ts?t=a%20b');
  });

  test('is read from text of any age and system', () => {
    const text = '\ufeff#EXTM3U\r\n#EXT-X-TARGETDURATION:6\r\n\r\n# hello\r\n#EXTINF:6,é\r\n  a.ts  \r\n#EXT-X-ENDLIST';
    for (const encoding of ['utf8', 'latin1'] as const) {
      const playlist = readPlaylist(Buffer.from(encoding === 'utf8' ? text : text.slice(1), encoding), BASE);
      expect(playlist).toMatchObject({
        isEnded: true,
        segments: [{ title: 'é', url: 'https://media.test/show/a.ts' }],
      });
    }
  });

  test('may name objects of the bucket it is in, and no others', () => {
    const text = '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n';
    const inBucket = (uri: string) => failure(`${text}${uri}`, 's3://bucket-a/show/main.m3u8');
    expect(inBucket('a.ts')).toMatchObject({ segments: [{ url: 's3://bucket-a/show/a.ts' }] });
    expect(inBucket('https://media.test/a.ts')).toMatchObject({ segments: [{ url: 'https://media.test/a.ts' }] });
    expect(inBucket('s3://bucket-b/a.ts')).toBe('PLAYLIST_INVALID');
    expect(failure(`${text}s3://bucket-a/a.ts`)).toBe('PLAYLIST_INVALID');
  });
});

const HEAD = '#EXTM3U\n#EXT-X-TARGETDURATION:6\n';

describe('what cannot be played', () => {
  test.each([
    ['nothing', ''],
    ['a page', '<!doctype html><title>x</title>'],
    ['a plain list', '#EXTM3U\nhttps://media.test/a.mp3\n'],
    ['both kinds in one', `${HEAD}#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n`],
    ['no target duration', '#EXTM3U\n#EXTINF:6,\na.ts\n'],
    ['an address without tags', `${HEAD}a.ts\n`],
    ['a file', `${HEAD}#EXTINF:6,\nfile:///etc/passwd\n`],
    ['a NUL', `${HEAD}#EXTINF:6,\na.ts\0\n`],
    ['a line end of Unicode', `${HEAD}#EXTINF:6,x\u2028https://media.test/b.ts\na.ts\n`],
    ['UTF-16', Buffer.from(`\ufeff${HEAD}`, 'utf16le')],
    ['a negative duration', `${HEAD}#EXTINF:-1,\na.ts\n`],
    ['an endless duration', `${HEAD}#EXTINF:Infinity,\na.ts\n`],
    ['a number beyond counting', `${HEAD}#EXT-X-MEDIA-SEQUENCE:99999999999999999999\n#EXTINF:6,\na.ts\n`],
    ['a range beyond counting', `${HEAD}#EXTINF:6,\n#EXT-X-BYTERANGE:9007199254740991@9007199254740991\na.ts\n`],
    ['a range that begins nowhere', `${HEAD}#EXTINF:6,\n#EXT-X-BYTERANGE:5\na.ts\n`],
    ['a short IV', `${HEAD}#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x01\n#EXTINF:6,\na.ts\n`],
    ['a quotation without end', `${HEAD}#EXT-X-MAP:URI="a.mp4\n#EXTINF:6,\na.ts\n`],
    ['a variable without value', `${HEAD}#EXT-X-DEFINE:IMPORT="x"\n#EXTINF:6,\n{$x}.ts\n`],
    ['a variant without address', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n'],
  ])('%s', (_, text) => {
    expect(failure(text)).toBe('PLAYLIST_INVALID');
  });

  test.each([
    ['segments', `${HEAD}${'#EXTINF:1,\na\n'.repeat(20_001)}`],
    ['variants', `#EXTM3U\n${'#EXT-X-STREAM-INF:BANDWIDTH=1\na\n'.repeat(201)}`],
    ['renditions', `#EXTM3U\n${'#EXT-X-MEDIA:TYPE=AUDIO\n'.repeat(401)}`],
    ['lines', `${HEAD}${'#\n'.repeat(120_001)}`],
    ['characters in a line', `${HEAD}#EXTINF:6,${'x'.repeat(20_000)}\na.ts`],
    ['attributes', `${HEAD}#EXT-X-MAP:${'A=1,'.repeat(300)}URI="a"\n`],
    ['bytes', `${HEAD}${`#${'x'.repeat(1000)}\n`.repeat(5000)}`],
    [
      'variables in variables',
      `${HEAD}#EXT-X-DEFINE:NAME="x",VALUE="${'y'.repeat(5000)}"\n#EXTINF:1,\n${'{$x}'.repeat(99)}`,
    ],
  ])('too many %s', (_, text) => {
    expect(failure(text)).toBe('PLAYLIST_TOO_LARGE');
  });
});
