import { parseBuffer } from 'music-metadata';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMp3Header } from '../../src/media/mp3.ts';
import { readXing } from '../../src/media/xing.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { decode, FFMPEG, ffprobe, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { TITLES } from '../support/fixture-encode.ts';
import type { Fixture } from '../support/fixture-cache.ts';
import { splitFrames } from '../support/mp3-forge.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promised, type Promised } from '../support/promise.ts';
import { promisedFile } from '../support/promised-file.ts';
import { locate, samplesOf, slicePcm, type Pcm } from '../support/signal.ts';
import { source, sourceNames, type SourceName } from '../support/sources.ts';

const FULL = process.env['BATON_FULL'] === '1';

/** Of these, the others and the whole ones each source has one. */
const SHORT = [
  'codec.mp3~bitrate.112k~end.2990ms',
  'codec.mp3~bitrate.64k~channels.mono~start.7990ms~end.9990ms',
  'codec.mp3~bitrate.48k~start.9230ms',
];
const OTHERS = [
  'codec.opus~bitrate.96k~start.7990ms~end.9990ms',
  'codec.opus~bitrate.48k~channels.mono~end.2990ms',
  'codec.pcm~start.9230ms',
  'codec.opus~bitrate.64k',
  'codec.pcm~channels.mono~end.9990ms',
];
const WHOLE = ['codec.mp3~bitrate.96k', 'codec.mp3~bitrate.64k~channels.mono', 'codec.mp3~bitrate.48k'];
const MORE = [
  ...[16, 24, 48, 56, 64, 128, 256].map((kbps) => `codec.opus~bitrate.${kbps}k`),
  'codec.opus~bitrate.64k~channels.mono~start.9490ms',
  'codec.opus~bitrate.40k~channels.stereo~end.20ms',
  'codec.pcm',
  'codec.pcm~channels.mono~end.10ms',
  ...[32, 40, 56, 80, 112, 128, 160, 192, 224, 256, 320].map((kbps) => `codec.mp3~bitrate.${kbps}k`),
  'codec.mp3~bitrate.32k~channels.mono',
  'codec.mp3~bitrate.320k~channels.stereo~start.9490ms',
  'codec.mp3~bitrate.96k~channels.mono~end.10ms',
];

/** There Opus fills its upper bands with noise of the right loudness: what can be located at all may seem a sample off. */
const LOW_OPUS = /^codec\.opus~bitrate\.(16|24|32|40|48|56)k/;
const decoders = [FFMPEG, ...(SYSTEM_FFMPEG === null ? [] : [SYSTEM_FFMPEG])];

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

describe.each(sourceNames)('%s', (name) => {
  const index = sourceNames.indexOf(name);
  const few = [...SHORT, ...OTHERS, ...WHOLE];
  const renditions = FULL ? [...few, ...MORE] : few.slice(index % few.length).slice(0, 1);
  test.each(renditions)('as %s has the promised size and samples, all in place', async (options) => {
    const fixture = await source(name);
    const wanted = promised(fixture, options);
    const { bytes } = await wholeFile(fixture, options);
    for (const binary of options.includes('codec.mp3') ? [FFMPEG] : decoders) {
      const sound = await decode(bytes, { binary });
      expect(sound).toMatchObject({ sampleRate: wanted.sampleRate, channels: wanted.channels });
      expect(samplesOf(sound)).toBe(wanted.samples);
      expectInPlace(sound, wanted, leastScore(name), LOW_OPUS.test(options));
    }
    if (options.includes('codec.mp3')) expectInfoFrame(bytes, wanted);
  });
});

/** In these, ffmpeg takes the junk for frames or gives the half frame at the end. */
const RELAYED_ODDLY: readonly SourceName[] = ['junk.mp3', 'truncated.mp3'];

describe.each(sourceNames.filter((name) => name.endsWith('.mp3') && !RELAYED_ODDLY.includes(name)))('%s', (name) => {
  test('relayed as it is has the promised size and samples, all in place', async () => {
    const fixture = await source(name);
    const wanted = promised(fixture, 'codec.copy');
    const { bytes } = await wholeFile(fixture, 'codec.copy');
    const sound = await decode(bytes);
    expect(samplesOf(sound)).toBe(wanted.samples);
    expectInPlace(sound, wanted);
  });
});

test.each([
  ['chapters.mp3', 'codec.mp3~bitrate.96k', 'audio/mpeg'],
  ['chapters.m4a', 'codec.mp3~bitrate.96k', 'audio/mpeg'],
  ['chapters.mp3', 'codec.opus~bitrate.64k', 'audio/ogg'],
  ['chapters.m4a', 'codec.opus~bitrate.24k', 'audio/ogg'],
] as const)('%s keeps title, chapters and cover as %s', async (name, options, type) => {
  const fixture = await source(name);
  const { bytes } = await wholeFile(fixture, options);
  const { title, artist, album } = TITLES;
  const { common } = await parseBuffer(bytes, type);
  expect(common).toMatchObject({ title, artist, album });
  expect(common.picture?.map(({ format }) => format)).toEqual(['image/jpeg']);
  const probed = await ffprobe(bytes);
  expect(probed?.chapters.map(({ tags }) => tags?.['title'])).toEqual(TITLES.chapters);
  expect(probed?.chapters.map(({ start_time }) => Math.round(Number(start_time) * 1000))).toEqual([0, 6666, 13332]);
  expect(probed?.streams.map(({ codec_type }) => codec_type).toSorted()).toEqual(['audio', 'video']);
});

test.each(['codec.mp3~bitrate.96k', 'codec.opus~bitrate.96k'])(
  'chapters move with a trim, and those outside are gone: %s',
  async (options) => {
    const fixture = await source('chapters.mp3');
    const probed = await ffprobe((await wholeFile(fixture, `${options}~start.7000ms~end.14000ms`)).bytes);
    expect(probed?.chapters.map(({ tags }) => tags?.['title'])).toEqual(TITLES.chapters.slice(1));
    expect(probed?.chapters.map(({ start_time }) => Number(start_time))).toEqual([0, 6.332]);
    expect(Number(probed?.chapters[0]?.end_time)).toBe(6.332);
    expect(Number(probed?.chapters[1]?.end_time)).toBeCloseTo(7, 1);
  },
);

test('PCM keeps title, artist and album', async () => {
  const { common } = await parseBuffer((await wholeFile(await source('chapters.mp3'), 'codec.pcm')).bytes, 'audio/wav');
  expect(common).toMatchObject({ artist: TITLES.artist, album: TITLES.album });
});

/** The whole file of a fixture; HEAD must have told its size. */
async function wholeFile(fixture: Fixture, options: string): Promise<{ bytes: Buffer }> {
  origin.content = fixture.bytes;
  origin.behaviour = { contentType: fixture.contentType };
  const answer = await promisedFile(baton.file(origin.url(`/${fixture.name}`), options));
  expect(answer).toMatchObject({ status: 200, complete: true });
  expect(answer.bytes).toHaveLength(answer.promisedBytes);
  return answer;
}

/** 256 levels are a part of the noise. */
const leastScore = (name: SourceName): number => (name.startsWith('8-bit') ? 0.8 : 0.9);

/** One sample of drift anywhere is too much. The last place leaves room for what it is compared with. */
function expectInPlace(sound: Pcm, { reference, samples }: Promised, score = 0.9, isNoisy = false): void {
  const window = Math.min(8192, samples);
  if (window < 2000) return; // too short to be told from anything, and silent where a lead stands before the sound
  const least = window < 8192 ? 0.5 : score;
  const places = [0, samples / 4, samples / 2, samples - window].map(Math.floor);
  const found = places.map((at) => ({
    at,
    ...locate(slicePcm(sound, at, at + window), at, { reference, search: 300, window }),
  }));
  const clear = found.filter((each) => each.score > least);
  if (!isNoisy) expect(found.filter((each) => !clear.includes(each))).toEqual([]);
  expect(clear.filter(({ offset }) => Math.abs(offset) > (isNoisy ? 1 : 0))).toEqual([]);
}

function expectInfoFrame(bytes: Buffer, { samples }: Promised): void {
  const [info = new Uint8Array(), ...frames] = splitFrames(bytes);
  const audio = frames.reduce((sum, frame) => sum + frame.length, 0);
  const frameSamples = readMp3Header(frames[0] ?? info, 0)?.frameSamples ?? NaN;
  const tag = readXing(info);
  expect(tag).toMatchObject({ frames: frames.length, bytes: info.length + audio });
  if (tag?.delay == null || tag.padding === null) return void expect(frames.length * frameSamples).toBe(samples);
  expect(frames.length * frameSamples - tag.delay - tag.padding).toBe(samples);
}
