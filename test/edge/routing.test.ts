import { expect, test } from 'vitest';
import { parseRange } from '../../src/net/range.ts';
import type { Keys } from '../../src/sign/keys.ts';
import { privateLink, publicLink } from '../../src/sign/link.ts';
import { edgeRuntime } from './runtime.ts';

const NOW = 1_795_500_000;
const secret = Buffer.alloc(32, 1);
const keys: Keys = { current: 'k1', byId: new Map([['k1', secret]]) };
const content = { kind: 'file', options: 'codec.mp3', source: 'https://cdn.example/a.mp3', name: 'a.mp3' } as const;
const open = publicLink(content, keys);
const rest = open.split('/').slice(3).join('/');
const view = await edgeRuntime(new Map([['k1', secret.toString('base64url')]]));

const expiringIn = (seconds: number, scope = 'a') =>
  privateLink(content, { expiresAt: NOW + seconds, scope }, keys, NOW);

test.each([
  ['GET', {}, null],
  ['GET', { 'if-none-match': '"x"' }, null],
  ['GET', { range: 'bytes=0-1' }, 'ranges'],
  ['GET', { range: 'bytes=500-' }, 'ranges'],
  ['GET', { range: 'bytes=-500' }, 'ranges'],
  ['GET', { range: 'bytes=0-1,5-6' }, null],
  ['GET', { range: 'nonsense' }, null],
  ['HEAD', {}, 'ranges'],
  ['OPTIONS', {}, 'ranges'],
])('%s with %j goes to origin %s', async (method, headers, originId) => {
  expect(await view(open, { method, headers, now: NOW })).toMatchObject({ code: 'OK', originId });
});

const framed = publicLink({ ...content, name: 'a.mp4' }, keys);
const raw = publicLink({ ...content, kind: 'raw', options: '', name: 'a.mp4' }, keys);
const feed = publicLink({ ...content, kind: 'feed', name: 'a.xml' }, keys);
const embed = publicLink({ ...content, kind: 'embed', name: 'a.html' }, keys);
const live = publicLink({ ...content, kind: 'live', options: 'codec.aac', name: 'a.mp4' }, keys);
const hls = publicLink({ ...content, kind: 'hls', options: '', name: 'a.m3u8' }, keys);
const hlsLive = publicLink({ ...content, kind: 'hls', options: 'mode.live', name: 'a.m3u8' }, keys);
const hlsRelay = publicLink({ ...content, kind: 'hls', options: 'mode.relay', name: 'a.m3u8' }, keys);
const radio = publicLink({ ...content, kind: 'live', name: 'a.mp3' }, keys);

test.each([
  ['a framed stream', framed, 'GET', {}, null],
  ['a framed stream', framed, 'GET', { range: 'bytes=0-' }, null],
  ['a framed stream at a place', `${framed}/t.5000`, 'GET', { range: 'bytes=0-' }, null],
  ['a framed stream', framed, 'HEAD', {}, 'ranges'],
  ['a payload', raw, 'GET', {}, null],
  ['a payload', raw, 'GET', { range: 'bytes=0-1' }, 'raw-ranges'],
  ['a payload', raw, 'GET', { range: 'bytes=0-1,5-6' }, null],
  ['a payload', raw, 'HEAD', {}, 'raw-ranges'],
  ['a channel', live, 'GET', {}, null],
  ['a channel', live, 'GET', { range: 'bytes=0-' }, null],
  ['a channel at a place', `${live}/t.5000`, 'GET', { range: 'bytes=0-1' }, null],
  ['a channel', live, 'HEAD', {}, null],
  ['a channel without end', radio, 'GET', { range: 'bytes=0-', 'icy-metadata': '1' }, null],
  ['HLS', hls, 'GET', {}, 'hls-whole'],
  ['a media playlist of HLS', `${hls}/a128.m3u8`, 'GET', {}, 'hls-whole'],
  ['a segment of HLS', `${hls}/a128-0123abcd-17.m4s`, 'GET', {}, null],
  ['a segment of HLS', `${hls}/a128-0123abcd-17.m4s`, 'GET', { range: 'bytes=0-1' }, 'hls-whole'],
  ['a segment of HLS', `${hls}/a128-0123abcd-17.m4s`, 'HEAD', {}, 'hls-whole'],
  ['the init section of HLS', `${hls}/a128-0123abcd.mp4`, 'GET', { range: 'bytes=0-1' }, 'hls-whole'],
  ['HLS of a channel', hlsLive, 'GET', {}, 'hls-live'],
  ['a segment of a channel', `${hlsLive}/a128-0123abcd-17.m4s`, 'GET', {}, 'hls-live'],
  ['HLS of others', hlsRelay, 'GET', {}, 'hls-live'],
  ['HLS of others to come', `${hlsRelay}?_HLS_msn=1`, 'GET', {}, 'hls-live'],
  ['a feed', feed, 'GET', { range: 'bytes=0-1' }, null],
  ['a feed', feed, 'HEAD', {}, null],
  ['a page', embed, 'GET', { range: 'bytes=0-1' }, null],
  ['a page', embed, 'HEAD', {}, null],
])('%s (%#) by %s with %j goes to origin %s', async (_, path, method, headers, originId) => {
  expect(await view(path, { method, headers, now: NOW })).toMatchObject({ code: 'OK', originId });
});

test('a place in a file goes on behind the stripped path, whoever wrote it', async () => {
  for (const [path, place] of [
    [framed, 't.0'],
    [framed, 't.123456'],
    [framed, 'r.zz.0123abcd.AAAAAAAAAAAAAAAAAAAAAA'],
    [expiringIn(3_600), 'x'.repeat(128)],
  ] as const) {
    const { code, uri } = await view(`${path}/${place}`, { now: NOW });
    expect([code, uri]).toEqual(['OK', `/file/k1/${path.split('/').slice(3).join('/')}/${place}`]);
  }
  const soon = `${expiringIn(100)}/t.5`;
  expect(await view(soon, { now: NOW })).toMatchObject({ code: 'OK', uri: soon });
});

test('HLS is cached for all its links under one path, but not where its playlists are made of links', async () => {
  for (const path of [hls, hlsLive, `${hls}/a128.m3u8`, `${hlsLive}/a128.m3u8`]) {
    const [, , , ...stripped] = path.split('/');
    expect(await view(path, { now: NOW })).toMatchObject({ code: 'OK', uri: `/hls/k1/${stripped.join('/')}` });
  }
  expect(await view(hlsRelay, { now: NOW })).toMatchObject({ code: 'OK', uri: hlsRelay });
});

test.each([
  ['_HLS_msn=0', 'OK'],
  ['_HLS_msn=17&_HLS_part=2&_HLS_skip=YES', 'OK'],
  ['_HLS_skip=v2', 'OK'],
  ['_HLS_msn=01', 'LINK_INVALID'],
  ['_HLS_part=2', 'LINK_INVALID'],
  ['_HLS_msn=1&_HLS_msn=2', 'LINK_INVALID'],
  ['_HLS_msn=1&x=2', 'LINK_INVALID'],
  ['_HLS_msn=1%26x', 'LINK_INVALID'],
  ['constructor=1', 'LINK_INVALID'],
  ['__proto__=1', 'LINK_INVALID'],
])('players of low latency may ask HLS of others for %s: %s', async (query, code) => {
  expect(await view(`${hlsRelay}?${query}`, { now: NOW })).toMatchObject({ code });
  const refused = { code: 'LINK_INVALID', originId: null };
  for (const path of [hls, hlsLive, raw, live])
    expect(await view(`${path}?${query}`, { now: NOW })).toMatchObject(refused);
  const forged = hlsRelay.replace('a.m3u8', 'b.m3u8');
  expect(await view(`${forged}?${query}`, { now: NOW })).toMatchObject(refused);
});

test('links of other kinds than files keep their paths', async () => {
  for (const path of [raw, live, `${live}/r.zz.0123abcd.AAAAAAAAAAAAAAAAAAAAAA`, radio, feed, embed])
    expect(await view(path, { now: NOW })).toMatchObject({ code: 'OK', uri: path });
});

test('functions are told the host that was asked, and nothing that a viewer says in its place', async () => {
  for (const path of [open, raw, hls, live, feed, embed]) {
    const headers = { host: 'media.example.com', 'x-baton-host': 'evil.example' };
    expect((await view(path, { headers, now: NOW })).headers['x-baton-host']).toBe('media.example.com');
    expect((await view(path, { headers: { 'x-baton-host': 'evil.example' }, now: NOW })).headers['x-baton-host']).toBe(
      '',
    );
  }
});

test.each(['GET', 'HEAD', 'OPTIONS'])('%s with a forged link reaches no origin', async (method) => {
  const forged = open.replace('a.mp3', 'b.mp3');
  expect(await view(forged, { method, headers: { range: 'bytes=0-1' }, now: NOW })).toMatchObject({
    code: 'LINK_INVALID',
    originId: null,
  });
});

test('all links to one file share one path in the cache, which names the key', async () => {
  const paths = [open, expiringIn(3_600, 'a'), expiringIn(7_200, 'b'), expiringIn(300, 'c')];
  const uris = await Promise.all(paths.map((path) => view(path, { now: NOW }).then(({ uri }) => uri)));
  expect(new Set(uris)).toEqual(new Set([`/file/k1/${rest}`]));
});

test('a link that expires within five minutes keeps its path, and is no cached copy of another', async () => {
  for (const seconds of [299, 1]) {
    const path = expiringIn(seconds);
    expect(await view(path, { now: NOW })).toMatchObject({ code: 'OK', uri: path });
  }
});

test('a stripped path lets nobody in', async () => {
  const { uri } = await view(open, { now: NOW });
  expect((await view(uri, { now: NOW })).code).toBe('LINK_INVALID');
});

test('a private link is good until its second, and not from then on', async () => {
  const path = expiringIn(1_000);
  expect((await view(path, { now: NOW + 999.9 })).code).toBe('OK');
  expect((await view(path, { now: NOW + 1_000 })).code).toBe('LINK_EXPIRED');
});

// CloudFront chooses the function by the path with its dots and escapes resolved.
test.each([
  `/player/../file/k1/${rest}`,
  `/player/%2e%2e/file/k1/${rest}`,
  `/player/%2E%2E%2Ffile/k1/${rest}`,
  `/player//../embed/k1/${rest}`,
  '/player/',
  '/player/a/b.js',
  '/player/baton-player.js/../../embed/k1/x',
])('%s is no way around the check', async (path) => {
  expect(await view(path, { now: NOW })).toMatchObject({ code: 'NOT_FOUND', originId: null });
});

test.each([
  ...['bytes=0-1', 'bytes=0-', 'bytes=-500', 'Bytes=5-9', 'bytes=7-7', 'bytes= 0-1', 'bytes=0-1,', 'bytes=,0-1 ,'],
  ...[
    'bytes=5-2',
    'bytes=0-1,5-6',
    'bytes=-',
    'bytes=a-b',
    'bytes=1.5-9',
    'bytes=+1-5',
    '0-5',
    'seconds=0-5',
    'bytes=',
  ],
])('%s goes to the function for ranges exactly when Baton takes it for one', async (range) => {
  const { originId } = await view(open, { headers: { range }, now: NOW });
  expect(originId === 'ranges').toBe(parseRange(range, 1000).kind === 'part');
});
