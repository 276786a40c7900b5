import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { CHUNK_FRAMES } from '../../src/grid/timeline.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { decodeFloat, ffmpeg, inFolder } from '../support/ffmpeg.ts';
import type { Fixture } from '../support/fixture-cache.ts';
import { splitFrames } from '../support/mp3-forge.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { source } from '../support/sources.ts';

const FULL = process.env['BATON_FULL'] === '1';
const SECONDS = FULL ? 600 : 20;
vi.setConfig({ testTimeout: FULL ? 600_000 : 60_000 });
/**
 * At 32 kbit/s one join in a hundred may be worse: there a single quantiser step more or less is heard, and LAME's state
 * from seconds before decides on it. It is as far off between joins (1.2), with a longer pre-roll, and with a longer tail.
 */
const WORST_RATIO = 1.15;

interface Sound {
  readonly data: Float32Array;
  readonly channels: 1 | 2;
}

interface Settings {
  readonly kbps: number;
  readonly channels: 1 | 2;
}

let origin: Origin;
let baton: TestBaton;
let fixture: Fixture;

beforeAll(async () => {
  fixture = await source('vbr-xing.mp3', { seconds: SECONDS });
  origin = await startOrigin(fixture.bytes);
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin.close();
});

test.each<Settings>([
  { kbps: 128, channels: 2 },
  { kbps: 64, channels: 1 },
  { kbps: 320, channels: 2 },
  { kbps: 48, channels: 2 },
  { kbps: 32, channels: 1 },
])('at $kbps kbit/s, $channels channels, joins are as near to the source as one encode', async (settings) => {
  const sound = await soundOfSource(settings);
  const whole = await decodeFloat(await continuous(settings));
  const options = `codec.mp3~bitrate.${settings.kbps}k~channels.${settings.channels === 1 ? 'mono' : 'stereo'}`;
  const ours = await decodeFloat((await promisedFile(baton.file(origin.url(), options))).bytes);
  expect(ours.data).toHaveLength(sound.data.length);
  const ratios = joinRatios(ours, whole, sound, settings);
  expect(ratios.length).toBeGreaterThanOrEqual(Math.floor(SECONDS / 2.4) - 1);
  const worst = ratios.toSorted((a, b) => b - a);
  expect(worst[settings.kbps <= 32 ? Math.ceil(ratios.length / 100) : 0]).toBeLessThanOrEqual(WORST_RATIO);
  expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThan(1.01);
});

test('chunks that are encoded without the sound before and after them trip the measure', async () => {
  const settings = { kbps: 128, channels: 2 } as const;
  const sound = await soundOfSource(settings);
  const whole = await decodeFloat(await continuous(settings));
  const naive = await decodeFloat(await naivelyJoined(sound, settings));
  expect(Math.min(...joinRatios(naive, whole, sound, settings))).toBeGreaterThan(2);
});

const sampleRate = ({ kbps }: Settings): number => (kbps < 64 ? 24_000 : 48_000);
const frameSamples = ({ kbps }: Settings): number => (kbps < 64 ? 576 : 1152);
const layout = (settings: Settings): string[] => ['-ar', `${sampleRate(settings)}`, '-ac', `${settings.channels}`];
/** As the grid has it: two channels into one without clipping. */
const resampled = (settings: Settings): string[] => [
  '-af',
  `aresample=${sampleRate(settings)}:rematrix_maxval=1.0,aformat=channel_layouts=${settings.channels === 1 ? 'mono' : 'stereo'}`,
];
const mp3 = ({ kbps }: Settings): string[] => ['-c:a', 'libmp3lame', '-b:a', `${kbps}k`, '-reservoir', '0'];

/** What the encoders are given: the source, decoded and resampled. */
const soundOfSource = (settings: Settings): Promise<Sound> => decodeFloat(fixture.path, { args: resampled(settings) });

/** The source through one ffmpeg, with the Info frame that tells its length. */
const continuous = (settings: Settings): Promise<Buffer> =>
  toFile(['-i', fixture.path, '-map', '0:a', ...resampled(settings), ...mp3(settings)]);

function toFile(args: readonly string[], input?: Uint8Array): Promise<Buffer> {
  return inFolder(async (folder) => {
    await ffmpeg([...args, '-id3v2_version', '0', `${folder}/out.mp3`], input);
    return await readFile(`${folder}/out.mp3`);
  });
}

async function naivelyJoined(sound: Sound, settings: Settings): Promise<Buffer> {
  const pcm = ['-f', 'f32le', ...layout(settings), '-i', 'pipe:0'];
  const perChunk = CHUNK_FRAMES * frameSamples(settings) * settings.channels;
  const [info = new Uint8Array()] = splitFrames(await continuous(settings));
  const pieces: Uint8Array[] = [info];
  for (let at = 0; at < sound.data.length; at += perChunk) {
    const chunk = await toFile([...pcm, ...mp3(settings)], new Uint8Array(sound.data.slice(at, at + perChunk).buffer));
    const [, ...frames] = splitFrames(chunk);
    pieces.push(...frames.slice(0, at + perChunk < sound.data.length ? CHUNK_FRAMES : undefined));
  }
  return Buffer.concat(pieces);
}

/** Decoder and encoder delay: where in the presentation a frame begins to sound. */
const DELAY = 1105;
const AROUND = 1536;

/** For each join the error of `ours` as a multiple of that of `whole`. */
function joinRatios(ours: Sound, whole: Sound, source: Sound, settings: Settings): number[] {
  const perChunk = CHUNK_FRAMES * frameSamples(settings);
  const samples = source.data.length / source.channels;
  const ratios: number[] = [];
  for (let join = perChunk - DELAY; join + AROUND < samples; join += perChunk) {
    const at = join + frameSamples(settings) / 2;
    ratios.push(errorAround(ours, source, at) / errorAround(whole, source, at));
  }
  return ratios;
}

/** RMS of the difference, at least -70 dBFS: below that nothing is heard. */
function errorAround(sound: Sound, source: Sound, at: number): number {
  const { channels } = source;
  let sum = 0;
  for (let i = (at - AROUND) * channels; i < (at + AROUND) * channels; i++)
    sum += ((sound.data[i] ?? 0) - (source.data[i] ?? 0)) ** 2;
  return Math.max(10 ** (-70 / 20), Math.sqrt(sum / (2 * AROUND * channels)));
}
