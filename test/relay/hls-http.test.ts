import { afterAll, beforeAll, expect, test } from 'vitest';
import { privateLink } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { decode, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { bytesAt, hlsLink, readMedia, type ReadPlaylist } from '../support/hls.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { MPV, playWithMpv } from '../support/mpv.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promised } from '../support/promise.ts';
import { locate, randomNumbers, samplesOf, slicePcm } from '../support/signal.ts';
import { source } from '../support/sources.ts';

let origin: Origin;
let baton: TestBaton;
let lambda: LambdaBaton;
let playlist: ReadPlaylist;
const parts = new Map<string, Buffer>();

const nameOf = (url: string): string => url.split('/').at(-1) ?? '';
const link = (of: TestBaton, options = ''): string => hlsLink(of, origin.url('/a.mp3'), options);

beforeAll(async () => {
  const { bytes } = await source('vbr-xing.mp3');
  origin = await startOrigin(bytes);
  baton = await startBaton({ allowOrigins: [origin.origin] });
  lambda = await startOnLambda({ allowOrigins: [origin.origin] }, baton.keys, 'cloudfront');
  playlist = await readMedia(`${link(baton)}/a128.m3u8`);
  for (const url of [playlist.init, ...playlist.segments.map((segment) => segment.url)])
    parts.set(nameOf(url), await bytesAt(url));
});
afterAll(async () => {
  await lambda.stop();
  await baton.stop();
  await origin.close();
});

const segment = (index = 1): string => playlist.segments[index]?.url ?? '';

test('every part made alone, in random order, by another process and on functions, is the same to the byte', async () => {
  const other = await startBaton({ allowOrigins: [origin.origin], keys: baton.keys });
  const random = randomNumbers(3);
  const order = [...parts.keys()].map((name) => ({ name, at: random() })).sort((a, b) => a.at - b.at);
  for (const { name } of order) {
    for (const each of [other, lambda]) {
      const answer = await get(`${link(each)}/${name}`);
      expect([name, answer.status, answer.bytes.equals(parts.get(name) ?? Buffer.of())]).toEqual([name, 200, true]);
    }
  }
  expect((await readMedia(`${link(lambda)}/a128.m3u8`)).text).toBe(playlist.text);
  await other.stop();
});

test('a part is kept for ever, and its tag is strong and the same everywhere', async () => {
  for (const url of [segment(), playlist.init]) {
    const here = await get(url);
    const there = await get(`${link(lambda)}/${nameOf(url)}`);
    expect(here.headers).toMatchObject({
      ...{ 'content-type': 'audio/mp4', 'accept-ranges': 'bytes', 'content-length': String(here.bytes.length) },
      ...{ 'cache-control': 'public, max-age=31536000, immutable', etag: expect.stringMatching(/^"\w+"$/) as string },
    });
    expect(there.headers['etag']).toBe(here.headers['etag']);
    expect(there.headers['cache-control']).toBe('public, max-age=300, s-maxage=31536000, immutable');
    const again = await get(url, { headers: { 'if-none-match': here.headers['etag'] ?? '' } });
    expect([again.status, again.bytes.length]).toEqual([304, 0]);
  }
  expect((await get(segment(0))).headers['etag']).not.toBe((await get(segment(1))).headers['etag']);
});

test('HEAD and ranges have lengths, also of what nobody has made yet', async () => {
  const fresh = await startBaton({
    allowOrigins: [origin.origin],
    keys: baton.keys,
    store: memoryStore({ maxBytes: 2 ** 26 }),
  });
  for (const [each, name] of [
    [fresh, nameOf(segment(2))],
    [lambda, nameOf(segment(2))],
    [fresh, nameOf(playlist.init)],
  ] as const) {
    const whole = parts.get(name) ?? Buffer.of();
    const url = `${link(each)}/${name}`;
    const head = await get(url, { method: 'HEAD' });
    expect([head.status, head.headers['content-length'], head.bytes.length]).toEqual([200, String(whole.length), 0]);
    const part = await get(url, { range: '100-299' });
    expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 100-299/${whole.length}`]);
    expect(part.bytes.equals(whole.subarray(100, 300))).toBe(true);
    const beyond = await get(url, { range: '9999999-' });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${whole.length}`]);
  }
  await fresh.stop();
});

test('playlists are answered without a segment being made, by HEAD too, and with a tag', async () => {
  const fresh = await startBaton({ allowOrigins: [origin.origin], keys: baton.keys });
  for (const url of [link(fresh), `${link(fresh)}/a192.m3u8`]) {
    const whole = await get(url);
    expect(whole.headers).toMatchObject({
      ...{ 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'public, max-age=300' },
      'content-length': String(whole.bytes.length),
    });
    const head = await get(url, { method: 'HEAD' });
    expect([head.headers['content-length'], head.bytes.length]).toEqual([String(whole.bytes.length), 0]);
    const again = await get(url, { headers: { 'if-none-match': whole.headers['etag'] ?? '' } });
    expect(again.status).toBe(304);
  }
  expect(fresh.usage.map(({ kind, chunksEncoded }) => [kind, chunksEncoded])).toEqual(Array(6).fill(['hls', 0]));
  await fresh.stop();
});

test('what a private link leads to is kept no longer than the link lives, and by nobody else', async () => {
  const content = { kind: 'hls', options: '', source: origin.url('/a.mp3'), name: 'index.m3u8' } as const;
  const now = Date.now() / 1000;
  const path = privateLink(content, { expiresAt: now + 1000, scope: 'x' }, baton.keys, now);
  const answer = await get(`${baton.origin}${path}/${nameOf(segment())}`);
  const [, seconds] = /^private, max-age=(\d+), immutable$/.exec(answer.headers['cache-control'] ?? '') ?? [];
  expect(Number(seconds)).toBeGreaterThan(980);
  expect(Number(seconds)).toBeLessThanOrEqual(1000);
});

test.each([
  ['a segment behind the last one', () => nameOf(segment()).replace('-1.m4s', '-5.m4s'), 404, 'NOT_FOUND'],
  ['a rendition that is not offered', () => 'a160.m3u8', 404, 'NOT_FOUND'],
  ['video of a source without any', () => 'v480.m3u8', 404, 'NOT_FOUND'],
  ['what is no place', () => 'a128', 404, 'NOT_FOUND'],
  ['a segment of another version', () => nameOf(segment()).replace(/-\w{8}-/, '-00000000-'), 410, 'SEGMENT_GONE'],
  ['the init section of another version', () => 'a128-00000000.mp4', 410, 'SEGMENT_GONE'],
])('%s is refused', async (_name, place, status, code) => {
  const answer = await get(`${link(baton)}/${place()}`);
  expect([answer.status, (JSON.parse(answer.bytes.toString()) as { code: string }).code]).toEqual([status, code]);
});

test('a source that fails has its status, for segments too', async () => {
  const broken = await startOrigin(Buffer.from('<html>no'));
  const other = await startBaton({ allowOrigins: [broken.origin], keys: baton.keys });
  const url = hlsLink(other, broken.url('/b.mp3'));
  for (const each of [url, `${url}/a128.m3u8`, `${url}/a128-00000000-0.m4s`])
    expect((await get(each)).status).toBe(415);
  await other.stop();
  await broken.close();
});

test.runIf(SYSTEM_FFMPEG !== null)('ffmpeg plays the address, all of it and in place', async () => {
  const { samples, reference } = promised(await source('vbr-xing.mp3'), 'codec.mp3~bitrate.192k');
  const pcm = await decode(link(baton, 'bitrate.128k'), { binary: SYSTEM_FFMPEG ?? '' });
  expect(samplesOf(pcm) - samples).toBeGreaterThanOrEqual(0);
  expect(samplesOf(pcm) - samples).toBeLessThan(1024);
  for (const at of [0, 226_000, samples - 9_600])
    expect(locate(slicePcm(pcm, at), at, { reference, search: 1500 })).toMatchObject({ offset: 0 });
});

test.runIf(MPV !== null)('mpv plays it to its end without a complaint', async () => {
  const { samples, reference } = promised(await source('vbr-xing.mp3'), 'codec.mp3~bitrate.192k');
  const played = await playWithMpv(MPV ?? '', link(baton, 'bitrate.128k'));
  expect(played).toMatchObject({ code: 0, complaints: '', codec: 'aac' });
  expect(samplesOf(played.sound) - samples).toBeGreaterThanOrEqual(0);
  expect(samplesOf(played.sound) - samples).toBeLessThan(1024);
  for (const at of [0, 226_000, samples - 9_600])
    expect(locate(slicePcm(played.sound, at), at, { reference, search: 1500 })).toMatchObject({ offset: 0 });
});
