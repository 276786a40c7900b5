import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { privateLink, publicLink, readLink, type Link, type LinkContent } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get, type Answer } from '../support/client.ts';
import { startHlsOrigin, type HlsOrigin } from '../support/hls-origin.ts';

const HEAD = '#EXTM3U\n#EXT-X-TARGETDURATION:6\n';
const MAIN = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="audio/en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360,AUDIO="a"
360/v.m3u8?q=1
#EXT-X-STREAM-INF:BANDWIDTH=2500000,RESOLUTION=1280x720,AUDIO="a"
720/v.m3u8
`;
const VOD = `${HEAD}#EXT-X-KEY:METHOD=AES-128,URI="../k"\n#EXT-X-MAP:URI="i.mp4"\n#EXTINF:6,\ns1.m4s\n#EXT-X-ENDLIST\n`;
const LIVE = `${HEAD}#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:6,\ns7.ts\n`;
const LOW = `#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3
#EXT-X-PART-INF:PART-TARGET=1
#EXTINF:4,
s1.mp4
#EXT-X-PART:DURATION=1,URI="s2.1.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="s2.2.mp4"
#EXT-X-RENDITION-REPORT:URI="../b/low.m3u8",LAST-MSN=2
`;

let origin: HlsOrigin;
let baton: TestBaton;
beforeAll(async () => {
  origin = await startHlsOrigin({
    '/show/main.m3u8': MAIN,
    '/show/360/v.m3u8': VOD,
    '/show/live.m3u8': LIVE,
    '/show/a/low.m3u8': LOW,
    '/show/k': new Uint8Array(16).fill(7),
    '/show/360/s1.m4s': Buffer.alloc(300_000, 'segment'),
    '/moved.m3u8': () => ({ status: 302, headers: { location: '/show/360/v.m3u8' } }),
    '/recursive.m3u8': `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nrecursive.m3u8\n`,
  });
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin[Symbol.asyncDispose]();
});

const content = (path: string, part: Partial<LinkContent> = {}): LinkContent => ({
  ...{ kind: 'hls', options: 'mode.relay', source: origin.url(path), name: 'main.m3u8' },
  ...part,
});
const relayed = (path: string, part: Partial<LinkContent> = {}): string =>
  baton.origin + publicLink(content(path, part), baton.keys);

/** Whole addresses of the links in a playlist that came from `at`. */
const linksIn = (answer: Answer, at: string): string[] =>
  [...answer.bytes.toString().matchAll(/^[^#\s].*$|(?<=URI=")[^"]+/gm)].map(([uri]) => new URL(uri, at).href);
const read = (url: string): Link => readLink(new URL(url).pathname, baton.keys, Date.now() / 1000);

describe('a multivariant playlist', () => {
  test('leads to relays of its playlists, and says all else itself', async () => {
    const url = relayed('/show/main.m3u8');
    const answer = await get(url);
    expect(answer).toMatchObject({ status: 200, complete: true });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'access-control-allow-origin': '*',
    });
    expect(answer.headers['cache-control']).toMatch(/^public, max-age=(?:29\d|300)$/);
    const links = linksIn(answer, url);
    expect(links.map((link) => read(link))).toMatchObject([
      { kind: 'hls', options: 'mode.relay~list.media', source: origin.url('/show/audio/en.m3u8'), expiresAt: null },
      { kind: 'hls', source: origin.url('/show/360/v.m3u8?q=1'), name: 'v.m3u8' },
      { kind: 'hls', source: origin.url('/show/720/v.m3u8') },
    ]);
    const shape = (text: string): string => text.replace(/^[^#\s].*$/gm, '-').replace(/URI="[^"]+/g, 'URI="-');
    expect(shape(answer.bytes.toString())).toBe(shape(MAIN));
    expect((await get(url, { headers: { 'if-none-match': answer.headers.etag ?? '' } })).status).toBe(304);
  });

  test('may be had without variants that nobody wants', async () => {
    const url = relayed('/show/main.m3u8', { options: 'mode.relay~maxheight.480' });
    expect(linksIn(await get(url), url).map((link) => read(link).source)).toEqual([
      origin.url('/show/audio/en.m3u8'),
      origin.url('/show/360/v.m3u8?q=1'),
    ]);
  });

  test.each([
    'mode.relay~maxheight.0',
    'mode.relay~maxheight.0480',
    'mode.relay~maxbitrate.1500',
    'mode.relay~audioonly.no',
    'mode.relay~maxbitrate.1500k~maxheight.480',
    'mode.relay~maxheight.480~maxheight.480',
    'mode.relay~codec.aac',
    'mode.relay~',
  ])('refuses the options %s', async (options) => {
    expect((await get(relayed('/show/main.m3u8', { options }))).status).toBe(400);
  });

  test('does not lead in circles', async () => {
    const url = relayed('/recursive.m3u8');
    const [first = ''] = linksIn(await get(url), url);
    const answer = await get(first);
    expect(answer.status).toBe(422);
    expect(answer.bytes.toString()).toContain('PLAYLIST_INVALID');
  });
});

describe('a media playlist', () => {
  test('leads to the very bytes of its segments and keys', async () => {
    const url = relayed('/show/360/v.m3u8');
    const links = linksIn(await get(url), url);
    expect(links.map((link) => read(link))).toMatchObject([
      { kind: 'raw', options: 'read.once', source: origin.url('/show/k'), name: 'k.key' },
      { kind: 'raw', source: origin.url('/show/360/i.mp4'), name: 'i.mp4' },
      { kind: 'raw', source: origin.url('/show/360/s1.m4s'), name: 's1.m4s' },
    ]);
    const [key = '', , segment = ''] = links;
    expect((await get(key)).bytes).toEqual(Buffer.alloc(16, 7));
    const whole = await get(segment);
    expect(whole.bytes).toEqual(Buffer.alloc(300_000, 'segment'));
    expect(whole.headers).toMatchObject({
      'content-type': 'video/iso.segment',
      'content-length': '300000',
      'cache-control': 'public, max-age=300, no-transform',
    });
    const part = await get(segment, { range: '1000-1999' });
    expect(part).toMatchObject({ status: 206, bytes: whole.bytes.subarray(1000, 2000) });
    expect(part.headers).toMatchObject({ 'content-range': 'bytes 1000-1999/300000', 'content-length': '1000' });
    expect(origin.seen.filter((line) => line.includes('s1.m4s'))).toEqual([
      'GET /show/360/s1.m4s -',
      'GET /show/360/s1.m4s 1000-1999',
    ]);
    expect((await get(links[1] ?? '')).status).toBe(404);
  });

  test('is fresh for half a segment while it grows, and asked for once by all who wait', async () => {
    const url = relayed('/show/live.m3u8');
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(url)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers[0]?.headers['cache-control']).toMatch(/^public, max-age=[23]$/);
    expect(origin.seen.filter((line) => line.includes('live.m3u8'))).toEqual(['GET /show/live.m3u8 -']);
  });

  test('that has moved is relative to where it is', async () => {
    const url = relayed('/moved.m3u8');
    expect(linksIn(await get(url), url).map((link) => read(link).source)).toContain(origin.url('/show/360/s1.m4s'));
  });

  test('leads to links that expire when it does, at the full hour', async () => {
    const now = Math.floor(Date.now() / 1000);
    const access = { expiresAt: now + 5000, scope: 'ann' };
    const url = baton.origin + privateLink(content('/show/360/v.m3u8'), access, baton.keys, now);
    const answer = await get(url);
    expect(answer.headers['cache-control']).toMatch(/^private, max-age=(?:29\d|300)$/);
    const until = Math.ceil((now + 5000) / 3600) * 3600;
    for (const link of linksIn(answer, url)) expect(read(link)).toMatchObject({ expiresAt: until, scope: 'ann' });
  });

  test('hides where its segments are when its own address is hidden', async () => {
    const url = baton.origin + publicLink(content('/show/360/v.m3u8'), baton.keys, { encryptSource: true });
    const answer = await get(url);
    expect(answer.bytes.toString()).not.toContain(Buffer.from(origin.origin).toString('base64url').slice(0, 20));
    expect(linksIn(answer, url).map((link) => read(link).source)).toContain(origin.url('/show/360/s1.m4s'));
  });
});

describe('low latency', () => {
  test('directives are passed on, in their one spelling', async () => {
    const url = relayed('/show/a/low.m3u8');
    const blocking = await get(`${url}?_HLS_msn=2&_HLS_part=1`);
    expect(blocking.headers['cache-control']).toMatch(/^public, max-age=2[34]$/);
    expect((await get(`${url}?_HLS_skip=YES`)).headers['cache-control']).toBe('public, max-age=0');
    expect(origin.seen).toContain('GET /show/a/low.m3u8?_HLS_msn=2&_HLS_part=1 -');
    expect(origin.seen).toContain('GET /show/a/low.m3u8?_HLS_skip=YES -');
    for (const query of ['_HLS_msn=02', 'x=1', '_HLS_part=1&_HLS_msn=2'])
      expect((await get(`${url}?${query}`)).status).toBe(403);
    const [report] = linksIn(blocking, url).filter((link) => read(link).kind === 'hls');
    expect(read(report ?? '')).toMatchObject({ source: origin.url('/show/b/low.m3u8') });
    const [segment = ''] = linksIn(blocking, url);
    expect((await get(`${segment}?_HLS_msn=2`)).status).toBe(403);
  });
});
