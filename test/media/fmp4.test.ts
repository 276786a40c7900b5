import { parseBuffer } from 'music-metadata';
import { createFile, MP4BoxBuffer } from 'mp4box';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { expect, test } from 'vitest';
import { fragment, initSegment, type Track } from '../../src/media/fmp4.ts';
import type { Tags } from '../../src/media/tags.ts';
import { codedFrames, type Coded } from '../support/coded-frames.ts';
import { decode, ffprobe, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { find, readFramed } from '../support/framed.ts';
import { hlsMp4 } from '../support/hls-mp4.ts';
import { locate, samplesOf } from '../support/signal.ts';

const SAMPLES = 3 * 48_000 + 123;
const PER_FRAGMENT = 20;
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

const TAGS: Tags = {
  title: 'Ein Stück über Töne',
  artist: 'Baton',
  album: 'Tests',
  chapters: [
    { startMs: 0, endMs: 1234, title: 'Anfang' },
    { startMs: 1234, endMs: 3000, title: 'ü'.repeat(200) },
  ],
  artwork: { mime: 'image/png', bytes: Buffer.from(PIXEL, 'base64') },
};

const trackOf = ({ codec, channels, kbps, frameSamples, priming, samples }: Coded): Track => ({
  ...{ codec, channels, kbps, frameSamples, priming, duration: samples },
});

/** All frames, 20 in a fragment, the last one cut to the end of the sound. */
function muxed(coded: Coded, track = trackOf(coded)): Buffer {
  const { frames, frameSamples, priming, samples } = coded;
  const parts: Uint8Array[] = [initSegment(track, TAGS)];
  for (let at = 0; at < frames.length; at += PER_FRAGMENT) {
    const run = frames.slice(at, at + PER_FRAGMENT);
    const lastSamples = priming + samples - (frames.length - 1) * frameSamples;
    const cut = at + PER_FRAGMENT >= frames.length ? { lastSamples } : {};
    parts.push(fragment({ sequence: at + 1, decodeTime: at * frameSamples, frames: run, ...cut }, track));
  }
  return Buffer.concat(parts);
}

const cases = [
  ['aac', 1],
  ['aac', 2],
  ['opus', 1],
  ['opus', 2],
] as const;

test.each(cases)('both ffmpegs decode %s with %d channels in place, to its end', async (codec, channels) => {
  const coded = await codedFrames(codec, channels, SAMPLES);
  for (const binary of [undefined, SYSTEM_FFMPEG ?? undefined]) {
    const pcm = await decode(muxed(coded), binary === undefined ? {} : { binary });
    expect(pcm).toMatchObject({ sampleRate: 48_000, channels });
    // ffmpeg leaves the padding of the last frame where it is.
    expect(samplesOf(pcm)).toBeGreaterThanOrEqual(SAMPLES);
    expect(samplesOf(pcm) - SAMPLES).toBeLessThan(coded.frameSamples);
    for (const at of [0, 50_000, 120_000]) {
      const stretch = { ...pcm, data: pcm.data.subarray(at * channels) };
      const { offset, score } = locate(stretch, at, { search: 1200 });
      expect([offset, score > 0.98]).toEqual([0, true]);
    }
  }
});

test.each(cases)('ffprobe and mediabunny find %s with %d channels, and its length', async (codec, channels) => {
  const coded = await codedFrames(codec, channels, SAMPLES);
  const file = muxed(coded);
  const stream = (await ffprobe(file))?.streams[0];
  if (stream !== undefined)
    expect(stream).toMatchObject({ codec_name: codec, sample_rate: '48000', channels, codec_type: 'audio' });
  const input = new Input({ source: new BufferSource(file), formats: ALL_FORMATS });
  const track = await input.getPrimaryAudioTrack();
  expect(track).toMatchObject({ codec, numberOfChannels: channels, sampleRate: 48_000 });
  expect(await track?.computeDuration()).toBeCloseTo(SAMPLES / 48_000, 6);
  if (track === null) return;
  const seen: { data: Buffer; at: number }[] = [];
  for await (const { data, timestamp } of new EncodedPacketSink(track).packets())
    seen.push({ data: Buffer.from(data), at: Math.round(timestamp * 48_000) });
  expect(seen.map(({ at }) => at)).toEqual(coded.frames.map((_, index) => index * coded.frameSamples - coded.priming));
  expect(seen.every(({ data }, index) => data.equals(coded.frames[index] ?? Buffer.alloc(0)))).toBe(true);
});

test.each(cases)('mp4box reads every field of %s with %d channels as it was meant', async (codec, channels) => {
  const coded = await codedFrames(codec, channels, SAMPLES);
  const file = createFile();
  const bytes = Uint8Array.from(muxed(coded)).buffer;
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(bytes, 0), true);
  file.flush();
  const info = file.getInfo();
  expect(info).toMatchObject({ isFragmented: true, hasMoov: true, timescale: 48_000 });
  expect(info.fragment_duration).toEqual({ num: SAMPLES, den: 48_000 });
  const [track] = info.tracks;
  expect(track).toMatchObject({
    ...{ id: 1, timescale: 48_000, codec: codec === 'aac' ? 'mp4a.40.2' : 'Opus', language: 'und', type: 'audio' },
    audio: { sample_rate: 48_000, channel_count: channels, sample_size: 16 },
  });
  expect(track?.edits).toMatchObject([{ segment_duration: 0, media_time: coded.priming, media_rate_integer: 1 }]);
  const samples = file.getTrackSamplesInfo(1);
  const { frames, frameSamples } = coded;
  expect(samples.map(({ dts, cts, size, is_sync, duration }) => [dts, cts, size, is_sync, duration])).toEqual(
    frames.map(({ length }, index) => {
      const isLast = index === frames.length - 1;
      const duration = isLast ? coded.priming + SAMPLES - index * frameSamples : frameSamples;
      return [index * frameSamples, index * frameSamples, length, true, duration];
    }),
  );
  const sampleBytes = samples.map(({ offset, size }) => Buffer.from(bytes, offset, size));
  expect(sampleBytes.every((each, index) => each.equals(frames[index] ?? Buffer.alloc(0)))).toBe(true);
});

test.each(cases)('hls.js reads %s with %d channels as it was meant', async (codec, channels) => {
  const { parseInitSegment, getSampleData } = await hlsMp4();
  const coded = await codedFrames(codec, channels, SAMPLES);
  const { init, boxes } = readFramed(muxed(coded));
  const tracks = parseInitSegment(init);
  expect(tracks.audio).toMatchObject({ id: 1, timescale: 48_000, codec: codec === 'aac' ? 'mp4a.40.2' : 'Opus' });
  const media = Buffer.concat(boxes.slice(2).map(({ bytes }) => bytes));
  const { 1: times } = getSampleData(media, tracks, {}, console);
  expect(times).toMatchObject({ start: 0, duration: coded.priming + SAMPLES, sampleCount: coded.frames.length });
});

test.each(cases)('%s with %d channels says what it is to ffprobe and music-metadata', async (codec, channels) => {
  const file = muxed(await codedFrames(codec, channels, SAMPLES));
  const { common, format } = await parseBuffer(file, { mimeType: 'audio/mp4' });
  const { title, artist, album } = TAGS;
  expect(common).toMatchObject({ title, artist, album });
  expect(common.picture?.map(({ format: type, data }) => [type, data.length])).toEqual([
    ['image/png', TAGS.artwork?.bytes.length],
  ]);
  expect(format.numberOfChannels).toBe(channels);
  const probed = await ffprobe(file);
  if (probed === null) return;
  expect(probed.format.tags).toMatchObject({ title, artist, album });
  expect(probed.chapters.map(({ start_time, tags }) => [Number(start_time), tags?.['title']])).toEqual([
    [0, 'Anfang'],
    [1.234, 'ü'.repeat(127)],
  ]);
});

test('a stream of unknown length says nothing of its length, and is read all the same', async () => {
  const coded = await codedFrames('aac', 2, 48_000);
  const unknown = muxed(coded, { ...trackOf(coded), duration: null });
  expect(() => find(readFramed(unknown).init.subarray(24), 'mvex', 'mehd')).toThrow('no mehd');
  expect(find(readFramed(muxed(coded)).init.subarray(24), 'mvex', 'mehd').readBigUInt64BE(12)).toBe(48_000n);
  const pcm = await decode(unknown);
  expect(samplesOf(pcm)).toBe(coded.frames.length * 1024);
});

test('a fragment beyond 2^32 samples (a day) keeps its time', async () => {
  const coded = await codedFrames('opus', 1, 9_600);
  const decodeTime = 5_000_000 * 960;
  const track = trackOf(coded);
  const far = Buffer.concat([initSegment(track), fragment({ sequence: 1, decodeTime, frames: coded.frames }, track)]);
  expect(readFramed(far).frames.map(({ time }) => time)).toEqual(coded.frames.map((_, i) => decodeTime + i * 960));
  const probed = await ffprobe(far);
  if (probed !== null) expect(Number(probed.format.duration)).toBeGreaterThan(0);
});

test('a head is small: it comes before the first sound of every leg', async () => {
  for (const [codec, channels] of cases)
    expect(initSegment(trackOf(await codedFrames(codec, channels, 4_800))).length).toBeLessThan(700);
});
