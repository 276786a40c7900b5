import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get, type Answer } from '../support/client.ts';
import { decode, ffprobe } from '../support/ffmpeg.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promised } from '../support/promise.ts';
import { promisedFile } from '../support/promised-file.ts';
import { locate, samplesOf, slicePcm } from '../support/signal.ts';
import { source } from '../support/sources.ts';

let origin: Origin;
let baton: TestBaton;

beforeAll(async () => {
  origin = await startOrigin(new Uint8Array());
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin.close();
});

test.each([
  ['codec.opus~bitrate.64k', 'talk.opus', 'audio/ogg; codecs=opus', 'opus', 'OggS'],
  ['codec.opus~bitrate.64k', 'talk.ogg', 'audio/ogg; codecs=opus', 'opus', 'OggS'],
  ['codec.opus~bitrate.64k', 'talk', 'audio/ogg; codecs=opus', 'opus', 'OggS'],
  ['codec.pcm', 'talk.wav', 'audio/wav', 'wav', 'RIFF'],
  ['codec.mp3~bitrate.64k', 'talk.mp3', 'audio/mpeg', 'mp3', 'ID3\x04'],
])('%s as %s is of its kind, and named after its title', async (options, name, type, extension, magic) => {
  origin.content = (await source('chapters.mp3')).bytes;
  const { headers, bytes } = await promisedFile(baton.file(origin.url('/chapters.mp3'), options, { name }));
  expect(headers).toMatchObject({ 'content-type': type, 'accept-ranges': 'bytes' });
  expect(headers['cache-control']).toMatch(/^public, /);
  expect(headers.vary).toBeUndefined();
  expect(headers['content-disposition']).toMatch(
    new RegExp(`filename=${name}; filename\\*=UTF-8''Ein%20.*\\.${extension}$`),
  );
  expect(bytes.toString('latin1', 0, 4)).toBe(magic);
});

test.each([
  ['codec.opus~bitrate.64k', 'talk.mp3', 400, 'OPTIONS_INVALID'],
  ['codec.aac~bitrate.64k', 'talk.opus', 400, 'OPTIONS_INVALID'],
  ['codec.pcm', 'talk.mp4', 400, 'OPTIONS_INVALID'],
  ['codec.copy', 'talk.mp4', 400, 'OPTIONS_INVALID'],
])('%s as %s is an error', async (options, name, status, code) => {
  const answer = await get(baton.file(origin.url('/chapters.mp3'), options, { name }));
  expect([answer.status, JSON.parse(answer.bytes.toString())]).toMatchObject([status, { code }]);
});

test.each(['codec.opus~bitrate.64k', 'codec.pcm', 'codec.mp3~bitrate.64k'])('%s has no places', async (options) => {
  const answer = await get(`${baton.file(origin.url('/chapters.mp3'), options)}/t.1000`);
  expect(answer.status).toBe(404);
});

describe.each(['codec.opus~bitrate.64k', 'codec.pcm~channels.mono'])('%s of a source of unknown length', (options) => {
  let first: Answer;

  test('is sent without a length or ranges, whole and in place', async () => {
    const fixture = await source('vbr-bare.mp3', { seconds: 30 });
    origin.content = fixture.bytes;
    first = await get(baton.file(origin.url(`/${options}.mp3`), options));
    expect(first).toMatchObject({ status: 200, complete: true });
    expect(first.headers).toMatchObject({ 'accept-ranges': 'none', 'cache-control': 'no-store' });
    expect([first.headers['content-length'], first.headers.etag]).toEqual([undefined, undefined]);
    const wanted = promised(fixture, options);
    const sound = await decode(first.bytes);
    expect(samplesOf(sound)).toBe(wanted.samples);
    const at = wanted.samples - 20_000;
    expect(locate(slicePcm(sound, at), at, { reference: wanted.reference, search: 300 }).offset).toBe(0);
  });

  test('is the same once the length is known, but for what the head states', async () => {
    const known = await promisedFile(baton.file(origin.url(`/${options}.mp3`), options));
    expect(known.bytes).toHaveLength(first.bytes.length);
    const head = 44; // of WAV; the pages of Ogg say nothing of what follows
    expect(known.bytes.subarray(head).equals(first.bytes.subarray(head))).toBe(true);
  });
});

test('the pages of Opus hold less than half a second, and the last one ends the stream', async () => {
  const fixture = await source('cbr.mp3');
  origin.content = fixture.bytes;
  const { bytes } = await promisedFile(baton.file(origin.url('/cbr.mp3'), 'codec.opus~bitrate.256k'));
  const pages: { granule: number; flags: number; sequence: number }[] = [];
  for (let at = 0; at < bytes.length;) {
    const segments = bytes[at + 26] ?? 0;
    pages.push({
      granule: Number(bytes.readBigInt64LE(at + 6)),
      flags: bytes[at + 5] ?? 0,
      sequence: bytes.readUInt32LE(at + 18),
    });
    at += 27 + segments + bytes.subarray(at + 27, at + 27 + segments).reduce((sum, value) => sum + value, 0);
  }
  const { samples } = promised(fixture, 'codec.opus~bitrate.256k');
  expect(pages.map(({ sequence }) => sequence)).toEqual(pages.map((_, index) => index));
  expect(pages.map(({ flags }) => flags)).toEqual(
    pages.map((_, index) => (index === 0 ? 2 : index === pages.length - 1 ? 4 : 0)),
  );
  expect(pages.at(-1)?.granule).toBe(samples + 120);
  for (const [index, { granule }] of pages.entries())
    expect(granule - (pages[index - 1]?.granule ?? 0)).toBeLessThanOrEqual(24_000);
  const probed = await ffprobe(bytes);
  expect(Math.round(Number(probed?.format.duration) * 48_000)).toBe(samples + 120); // ffprobe counts the pre-skip
});
