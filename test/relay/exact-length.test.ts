import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMp3Header } from '../../src/media/mp3.ts';
import { readXing } from '../../src/media/xing.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { decode, ffprobe } from '../support/ffmpeg.ts';
import { TITLES } from '../support/fixture-encode.ts';
import type { Fixture } from '../support/fixture-cache.ts';
import { splitFrames } from '../support/mp3-forge.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promised, type Promised } from '../support/promise.ts';
import { promisedFile } from '../support/promised-file.ts';
import { locate, samplesOf, slicePcm, type Pcm } from '../support/signal.ts';
import { source, sourceNames, type SourceName } from '../support/sources.ts';

const FULL = process.env['BATON_FULL'] === '1';

const SHORT = [
  'codec.mp3~bitrate.112k~end.2990ms',
  'codec.mp3~bitrate.64k~channels.mono~start.7990ms~end.9990ms',
  'codec.mp3~bitrate.48k~start.9230ms',
];
const WHOLE = ['codec.mp3~bitrate.96k', 'codec.mp3~bitrate.64k~channels.mono', 'codec.mp3~bitrate.48k'];
const MORE = [
  ...[32, 40, 56, 80, 112, 128, 160, 192, 224, 256, 320].map((kbps) => `codec.mp3~bitrate.${kbps}k`),
  'codec.mp3~bitrate.32k~channels.mono',
  'codec.mp3~bitrate.320k~channels.stereo~start.9490ms',
  'codec.mp3~bitrate.96k~channels.mono~end.10ms',
];

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
  const oneWhole = WHOLE[sourceNames.indexOf(name) % 9] ?? [];
  const renditions = FULL ? [...SHORT, ...WHOLE, ...MORE] : SHORT.concat(oneWhole);
  test.each(renditions)('as %s has the promised size and samples, all in place', async (options) => {
    const fixture = await source(name);
    const wanted = promised(fixture, options);
    const { bytes } = await wholeFile(fixture, options);
    const sound = await decode(bytes);
    expect(sound).toMatchObject({ sampleRate: wanted.sampleRate, channels: wanted.channels });
    expect(samplesOf(sound)).toBe(wanted.samples);
    expectInPlace(sound, wanted);
    expectInfoFrame(bytes, wanted);
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

test.each(['chapters.mp3', 'chapters.m4a'] as const)('%s keeps title, chapters and cover', async (name) => {
  const fixture = await source(name);
  const probed = await ffprobe((await wholeFile(fixture, 'codec.mp3~bitrate.96k')).bytes);
  const { title, artist, album } = TITLES;
  expect(probed?.format.tags).toMatchObject({ title, artist, album });
  expect(probed?.chapters.map(({ tags }) => tags?.['title'])).toEqual(TITLES.chapters);
  expect(probed?.chapters.map(({ start_time }) => Math.round(Number(start_time) * 1000))).toEqual([0, 6666, 13332]);
  expect(probed?.streams.map(({ codec_type }) => codec_type).toSorted()).toEqual(['audio', 'video']);
});

test('chapters move with a trim, and those outside are gone', async () => {
  const fixture = await source('chapters.mp3');
  const probed = await ffprobe((await wholeFile(fixture, 'codec.mp3~bitrate.96k~start.7000ms~end.14000ms')).bytes);
  expect(probed?.chapters.map(({ tags }) => tags?.['title'])).toEqual(TITLES.chapters.slice(1));
  expect(probed?.chapters.map((each) => [each.start_time, each.end_time].map((time) => Number(time)))).toEqual([
    [0, 6.332],
    [6.332, 7],
  ]);
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

/** One sample of drift anywhere is too much. The last place leaves room for what it is compared with. */
function expectInPlace(sound: Pcm, { reference, samples }: Promised): void {
  const window = Math.min(8192, samples);
  if (window < 2000) return; // too short to be told from anything, and silent where a lead stands before the sound
  for (const at of [0, samples / 4, samples / 2, samples - window].map(Math.floor)) {
    const { offset, score } = locate(slicePcm(sound, at, at + window), at, { reference, search: 300, window });
    expect({ at, offset }).toEqual({ at, offset: 0 });
    expect(score).toBeGreaterThan(window < 8192 ? 0.5 : 0.9);
  }
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
