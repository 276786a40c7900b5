import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { decode, FFMPEG, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { readAnswer, readFramed, type Framed } from '../support/framed.ts';
import { bytesAt, hlsLink, microseconds, readMedia, readMultivariant, type ReadPlaylist } from '../support/hls.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promised } from '../support/promise.ts';
import { locate, randomNumbers, samplesOf } from '../support/signal.ts';
import { source, type SourceName } from '../support/sources.ts';

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

/** Everything of one rendition, its segments asked for in random order. */
async function fetched(playlist: ReadPlaylist, from = playlist.segments): Promise<Buffer> {
  const random = randomNumbers(5);
  const order = from.map((segment, index) => ({ ...segment, index, at: random() })).sort((a, b) => a.at - b.at);
  const parts: Buffer[] = [];
  for (const { url, index } of order) parts[index] = await bytesAt(url);
  return Buffer.concat([await bytesAt(playlist.init), ...parts]);
}

describe.each<[SourceName, string, string]>([
  ['vbr-xing.mp3', '', 'a96'],
  ['mono.m4a', 'bitrate.64k', 'a64'],
  ['chapters.m4a', 'bitrate.128k~channels.mono~start.1230ms~end.9010ms', 'a128'],
  ['vbr-bare.mp3', '', 'a64'],
  ['cbr.mp3', 'codec.opus~start.7000ms', 'a96'],
  ['mpeg2-24k.mp3', 'codec.opus~bitrate.64k~channels.stereo', 'a64'],
])('%s as %j: %s', (name, options, track) => {
  const isOpus = options.startsWith('codec.opus');
  const frameSamples = isOpus ? 960 : 1024;
  let link: string;
  let playlist: ReadPlaylist;
  let bytes: Buffer;
  let framed: Framed;
  let wanted: ReturnType<typeof promised>;

  beforeAll(async () => {
    const fixture = await source(name);
    origin.content = fixture.bytes;
    link = hlsLink(baton, origin.url(`/hls/${name}`), options);
    playlist = await readMedia(`${link}/${track}.m3u8`);
    bytes = await fetched(playlist);
    framed = readFramed(bytes);
    const edits = options.replace(/^(codec\.opus)?~?(bitrate\.\d+k)?~?/, '');
    wanted = promised(fixture, ['codec.mp3~bitrate.192k', edits].filter(Boolean).join('~'));
  });

  test('the lengths of its segments are that of the sound, and the playlist is whole', () => {
    const { text, playlist: read } = playlist;
    expect(microseconds(text)).toBe(Math.round((wanted.samples / 48_000) * 1e6));
    expect(read).toMatchObject({ endlist: true, playlistType: 'VOD', independentSegments: true, version: 7 });
    expect(read.mediaSequenceBase).toBe(0);
    for (const { duration } of playlist.segments) expect(Math.round(duration)).toBeLessThanOrEqual(read.targetDuration);
    for (const { duration } of playlist.segments.slice(1, -1)) expect(duration).toBe(4.8);
  });

  test('the multivariant playlist leads to it and says what it is', async () => {
    const { playlist: read } = await readMultivariant(link);
    const variant = read.variants.find(({ uri }) => uri === `index.m3u8/${track}.m3u8`);
    const ladder = options.includes('bitrate') ? [Number(track.slice(1))] : [128, 64, 96, 192];
    expect(read.variants.map(({ uri }) => uri)).toEqual(ladder.map((kbps) => `index.m3u8/a${kbps}.m3u8`));
    expect(variant).toMatchObject({ codecs: isOpus ? 'Opus' : 'mp4a.40.2' });
    expect(variant?.audio[0]).toMatchObject({ groupId: track, channels: String(wanted.channels) });
    const rates = await Promise.all(
      playlist.segments.map(async ({ url, duration }) => ((await bytesAt(url)).length * 8) / duration),
    );
    const whole = rates.slice(0, -1); // the last one may be short
    expect(Math.max(...whole)).toBeLessThanOrEqual(variant?.bandwidth ?? 0);
    const mean = whole.reduce((sum, rate) => sum + rate, 0) / whole.length;
    // An encoder of AAC takes what it needs: of one channel less than it might.
    const least = isOpus ? 0.98 : wanted.channels === 1 ? 0.5 : 0.85;
    expect(mean / (variant?.averageBandwidth ?? 0)).toBeGreaterThan(least);
    expect(mean / (variant?.averageBandwidth ?? 0)).toBeLessThan(1.05);
  });

  test.each([FFMPEG, SYSTEM_FFMPEG ?? FFMPEG])('is all of the sound and in place, by %s', async (binary) => {
    const { samples, channels, reference } = wanted;
    const pcm = await decode(bytes, { binary });
    expect(pcm).toMatchObject({ sampleRate: 48_000, channels });
    expect(samplesOf(pcm)).toBeGreaterThanOrEqual(samples);
    expect(samplesOf(pcm) - samples).toBeLessThan(frameSamples); // ffmpeg leaves the padding of the last frame
    for (const at of [4_800, 230_400 - 4_000, Math.floor(samples / 2), samples - 9_600]) {
      const stretch = { ...pcm, data: pcm.data.subarray(at * channels, samples * channels) };
      const { offset, score } = locate(stretch, at, { reference, search: 1500 });
      expect([at, offset, score > 0.9]).toEqual([at, 0, true]);
    }
  });

  test('has frames without a gap, which end with the last sample, and are those of the framed stream', async () => {
    const { frames, priming } = framed;
    const end = frames.at(-1);
    expect(frames.map(({ time }) => time)).toEqual(frames.map((_, index) => index * frameSamples));
    expect((end?.time ?? 0) + (end?.duration ?? 0) - priming).toBe(wanted.samples);
    const [, edits] = /^(?:codec\.opus)?~?(?:bitrate\.\d+k)?~?(.*)$/.exec(options) ?? [];
    const stream = [`codec.${isOpus ? 'opus' : 'aac'}~bitrate.${track.slice(1)}k`, edits].filter(Boolean).join('~');
    const answer = await get(baton.file(origin.url(`/hls/${name}`), stream, { name: 'e.mp4' }));
    expect(readAnswer(answer).frames).toEqual(frames);
  });

  test('each segment begins where the playlist says, and with fragments that may leave early', async () => {
    let start = 0;
    for (const { url, duration } of playlist.segments) {
      const { frames, fragments, boxes } = readFramed(await bytesAt(url));
      const begin = Math.max(0, (frames[0]?.time ?? NaN) - framed.priming) / 48_000;
      expect(begin).toBeCloseTo(start, 5);
      expect(boxes.map(({ type }) => type)).toEqual(fragments.flatMap(() => ['moof', 'mdat']));
      expect(Math.max(...fragments.map((each) => each.frames.length)) * frameSamples).toBeLessThanOrEqual(24_000);
      start += duration;
    }
  });
});
