import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { aacGrid, mp3Grid, opusGrid } from '../../src/grid/codecs.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { decodeFloat, ffmpeg, inFolder } from '../support/ffmpeg.ts';
import type { Fixture } from '../support/fixture-cache.ts';
import { splitFrames } from '../support/mp3-forge.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { source } from '../support/sources.ts';

const CHUNK_FRAMES = mp3Grid(128).chunkFrames;
const FULL = process.env['BATON_FULL'] === '1';
const SECONDS = FULL ? 600 : 20;
vi.setConfig({ testTimeout: FULL ? 600_000 : 60_000 });
/**
 * At 32 kbit/s one join in a hundred may be worse: there a single quantiser step more or less is heard, and LAME's state
 * from seconds before decides on it. It is as far off between joins (1.2), with a longer pre-roll, and with a longer tail.
 * Of Opus one join in fifty may be worse, which of those measured were at most 1.23.
 */
const WORST_RATIO = 1.15;

interface Sound {
  readonly data: Float32Array;
  readonly channels: 1 | 2;
}

interface Settings {
  readonly codec: 'mp3' | 'opus' | 'aac';
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
  { codec: 'mp3', kbps: 128, channels: 2 },
  { codec: 'mp3', kbps: 64, channels: 1 },
  { codec: 'mp3', kbps: 320, channels: 2 },
  { codec: 'mp3', kbps: 48, channels: 2 },
  { codec: 'mp3', kbps: 32, channels: 1 },
  { codec: 'opus', kbps: 128, channels: 2 },
  { codec: 'opus', kbps: 64, channels: 2 },
  { codec: 'opus', kbps: 48, channels: 2 },
  { codec: 'opus', kbps: 16, channels: 1 },
])('$codec at $kbps kbit/s, $channels channels: joins are as near to the source as one encode', async (settings) => {
  const { codec, kbps } = settings;
  const sound = await soundOfSource(settings);
  const whole = await decodeFloat(await continuous(settings));
  const ours = await decodeFloat((await promisedFile(baton.file(origin.url(), optionsOf(settings)))).bytes);
  expect(ours.data).toHaveLength(sound.data.length);
  const ratios = joinRatios(ours, whole, sound, settings);
  expect(ratios.length).toBeGreaterThanOrEqual(Math.floor(SECONDS / 2.4) - 1);
  const worst = ratios.toSorted((a, b) => b - a);
  const allowed = codec === 'opus' ? ratios.length / 50 : kbps <= 32 ? ratios.length / 100 : 0;
  expect(worst[Math.ceil(allowed)]).toBeLessThanOrEqual(WORST_RATIO);
  expect(mean(ratios)).toBeLessThan(codec === 'opus' ? 1.05 : 1.01);
});

/**
 * ffmpeg's encoder follows its rate with what it spent since it began, so that two encodes of a passage differ all along,
 * by as much within chunks as at their joins: a single join may be half as far off again, all together are not.
 */
test.each<Settings>([
  { codec: 'aac', kbps: 128, channels: 2 },
  { codec: 'aac', kbps: 64, channels: 2 },
])('$codec at $kbps kbit/s, $channels channels: joins are as near as one encode, taken together', async (settings) => {
  const sound = await soundOfSource(settings);
  const whole = await decodeFloat(await continuous(settings));
  const ours = await decodeFloat((await get(baton.file(origin.url(), optionsOf(settings)))).bytes);
  const ratios = joinRatios(ours, whole, sound, settings);
  expect(ratios.length).toBeGreaterThanOrEqual(Math.floor(SECONDS / 4.8) - 1);
  expect(mean(ratios)).toBeLessThan(1.15);
});

const optionsOf = ({ codec, kbps, channels }: Settings): string =>
  `codec.${codec}~bitrate.${kbps}k~channels.${channels === 1 ? 'mono' : 'stereo'}`;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test('chunks that are encoded without the sound before and after them trip the measure', async () => {
  const settings = { codec: 'mp3', kbps: 128, channels: 2 } as const;
  const sound = await soundOfSource(settings);
  const whole = await decodeFloat(await continuous(settings));
  const naive = await decodeFloat(await naivelyJoined(sound, settings));
  expect(Math.min(...joinRatios(naive, whole, sound, settings))).toBeGreaterThan(2);
});

const GRIDS = { mp3: mp3Grid, opus: opusGrid, aac: aacGrid } as const;
const gridOf = ({ codec, kbps }: Settings) => GRIDS[codec](kbps);
const sampleRate = (settings: Settings): number => gridOf(settings).sampleRate;
const frameSamples = (settings: Settings): number => gridOf(settings).frameSamples;
const layout = (settings: Settings): string[] => ['-ar', `${sampleRate(settings)}`, '-ac', `${settings.channels}`];
/** As the grid has it: two channels into one without clipping. */
const resampled = (settings: Settings): string[] => [
  '-af',
  `aresample=${sampleRate(settings)}:rematrix_maxval=1.0,aformat=channel_layouts=${settings.channels === 1 ? 'mono' : 'stereo'}`,
];
const encoder = ({ codec, kbps }: Settings): string[] => [...ENCODERS[codec], '-b:a', `${kbps}k`];
const ENCODERS = {
  mp3: ['-c:a', 'libmp3lame', '-reservoir', '0'],
  opus: ['-c:a', 'libopus', '-vbr', 'off', '-application', 'lowdelay'],
  aac: ['-c:a', 'aac', '-aac_coder', 'fast'],
} as const;

/** What the encoders are given: the source, decoded and resampled. */
const soundOfSource = (settings: Settings): Promise<Sound> => decodeFloat(fixture.path, { args: resampled(settings) });

/** The source through one ffmpeg, with the Info frame that tells its length. */
function continuous(settings: Settings): Promise<Buffer> {
  const args = ['-i', fixture.path, '-map', '0:a', ...resampled(settings), ...encoder(settings)];
  const made = encodes.get(args.join(' ')) ?? toFile(args, settings);
  encodes.set(args.join(' '), made);
  return made;
}

const encodes = new Map<string, Promise<Buffer>>();

/** A container that tells ffmpeg what to drop in front. */
const EXTENSIONS = { mp3: 'mp3', opus: 'opus', aac: 'm4a' } as const;

function toFile(args: readonly string[], { codec }: Settings, input?: Uint8Array): Promise<Buffer> {
  return inFolder(async (folder) => {
    const path = `${folder}/out.${EXTENSIONS[codec]}`;
    await ffmpeg([...args, ...(codec === 'mp3' ? ['-id3v2_version', '0'] : []), path], input);
    return await readFile(path);
  });
}

async function naivelyJoined(sound: Sound, settings: Settings): Promise<Buffer> {
  const pcm = ['-f', 'f32le', ...layout(settings), '-i', 'pipe:0'];
  const perChunk = CHUNK_FRAMES * frameSamples(settings) * settings.channels;
  const [info = new Uint8Array()] = splitFrames(await continuous(settings));
  const pieces: Uint8Array[] = [info];
  for (let at = 0; at < sound.data.length; at += perChunk) {
    const chunk = await toFile(
      [...pcm, ...encoder(settings)],
      settings,
      new Uint8Array(sound.data.slice(at, at + perChunk).buffer),
    );
    const [, ...frames] = splitFrames(chunk);
    pieces.push(...frames.slice(0, at + perChunk < sound.data.length ? CHUNK_FRAMES : undefined));
  }
  return Buffer.concat(pieces);
}

const AROUND = 1536;

/** For each join the error of `ours` as a multiple of that of `whole`. */
function joinRatios(ours: Sound, whole: Sound, source: Sound, settings: Settings): number[] {
  const perChunk = gridOf(settings).chunkFrames * frameSamples(settings);
  const samples = source.data.length / source.channels;
  const ratios: number[] = [];
  for (let join = perChunk - gridOf(settings).priming; join + AROUND < samples; join += perChunk) {
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
