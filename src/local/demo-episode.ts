import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import { startFfmpeg } from '../ffmpeg/process.ts';
import { runFfmpeg } from '../ffmpeg/run.ts';
import { readId3 } from '../media/id3.ts';
import { writeId3 } from '../media/id3-write.ts';
import { infoFrameBytes, writeInfoFrame, type InfoStream } from '../media/info-frame.ts';
import { mp3Walker, type Mp3Frame } from '../media/mp3.ts';
import type { Artwork, Chapter } from '../media/tags.ts';
import type { Bytes, Milliseconds, Samples } from '../units.ts';
import { drawCover } from './demo-cover.ts';
import { music } from './demo-music.ts';
import { SAMPLE_RATE, STEP, STEP_SECONDS } from './demo-note.ts';
import { sections, steps } from './demo-score.ts';

/** The episode on disk, and what its tags say. */
export interface DemoEpisode {
  readonly file: string;
  readonly bytes: Bytes;
  readonly title: string;
  readonly artist: string;
  readonly album: string;
  readonly durationMs: Milliseconds;
  readonly chapters: readonly Chapter[];
  readonly cover: Artwork;
}

/** How the episode is made, where it is not there yet. */
export interface EpisodeOptions {
  /** ffmpeg. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Called with 0 to 1 while the episode is made; not at all when it is there already. */
  readonly onProgress?: (fraction: number) => void;
}

/** Part of the file name: a new recipe makes a new file. */
const RECIPE = 1;
const TEXTS = { title: 'A Relay in Six Legs', artist: 'Baton', album: 'Baton Demo' } as const;

/**
 * The demo episode in `folder`: four minutes of music as VBR MP3 with chapters and a cover. Synthesised and encoded at
 * the first call (some seconds), found there by later ones. The file appears whole or not at all.
 * @throws CONFIG_INVALID when the folder cannot be written, what `runFfmpeg` throws, the signal's reason
 */
export async function demoEpisode(folder: string, options: EpisodeOptions): Promise<DemoEpisode> {
  const file = join(folder, `episode-${RECIPE}.mp3`);
  return (await found(file)) ?? (await make(file, folder, options));
}

async function found(file: string): Promise<DemoEpisode | null> {
  const bytes = await readFile(file).catch(() => null);
  const cover = bytes === null ? undefined : readId3(bytes).artwork;
  return bytes === null || cover === undefined ? null : describe(file, bytes.length, cover);
}

async function make(file: string, folder: string, { path, signal, onProgress }: EpisodeOptions): Promise<DemoEpisode> {
  onProgress?.(0);
  const cover = drawCover();
  const tag = writeId3({ ...TEXTS, chapters: chapters(), artwork: cover });
  const bytes = Buffer.concat([tag, ...(await encode(path, signal, onProgress))]);
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, bytes, { signal });
    await rename(draft, file);
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BatonError('CONFIG_INVALID', `the demo episode cannot be written: ${reason}`, { cause });
  } finally {
    await rm(draft, { force: true });
  }
  return describe(file, bytes.length, cover);
}

const describe = (file: string, bytes: Bytes, cover: Artwork): DemoEpisode => ({
  ...TEXTS,
  file,
  bytes,
  durationMs: (steps() * STEP * 1000) / SAMPLE_RATE,
  chapters: chapters(),
  cover,
});

const chapters = (): readonly Chapter[] =>
  sections().map(({ title, start, end }) => ({ title, startMs: stepMs(start), endMs: stepMs(end) }));

const stepMs = (step: number): Milliseconds => Math.round(step * STEP_SECONDS * 1000);

const ENCODE = [
  ...['-hide_banner', '-nostdin', '-v', 'error', '-f', 's16le', '-ar', String(SAMPLE_RATE), '-ac', '2', '-i', 'pipe:0'],
  ...['-c:a', 'libmp3lame', '-q:a', '4', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3', 'pipe:3'],
];

/** The music as MP3 frames, behind a Xing frame of their own: ffmpeg cannot write one into a pipe. */
async function encode(
  path: string,
  signal: AbortSignal,
  onProgress?: (fraction: number) => void,
): Promise<Uint8Array[]> {
  const walker = mp3Walker();
  const frames: Mp3Frame[] = [];
  const input = (): AsyncIterable<Uint8Array> => paced(signal, onProgress);
  for await (const { bytes } of runFfmpeg(startFfmpeg(path, ENCODE, 1), input, signal))
    frames.push(...walker.push(bytes));
  frames.push(...walker.end());
  return [xingFrame(frames), ...frames.map(({ bytes }) => bytes)];
}

/** Synthesis takes the thread for a few milliseconds at a time; signals and timers get their turn in between. */
async function* paced(signal: AbortSignal, onProgress?: (fraction: number) => void): AsyncGenerator<Uint8Array> {
  let step = 0;
  for (const bytes of music()) {
    await turn(undefined, { signal });
    yield bytes;
    onProgress?.(++step / steps());
  }
}

const LAME_DELAY: Samples = 576;

function xingFrame(frames: readonly Mp3Frame[]): Uint8Array {
  const header = frames[0]?.header;
  if (header === undefined) throw new BatonError('ENCODER_FAILED', 'the demo episode has no frames');
  const stream: InfoStream = { version: header.version, sampleRate: header.sampleRate, channels: header.channels };
  const own = infoFrameBytes(stream);
  const bytes = own + frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
  const padding = frames.length * header.frameSamples - LAME_DELAY - steps() * STEP;
  return writeInfoFrame({
    ...stream,
    kind: 'Xing',
    frames: frames.length,
    bytes,
    gapless: { delay: LAME_DELAY, padding },
    toc: contents(frames, own, bytes),
  });
}

/** For each percent of the playing time the place in the file, in 256ths. */
function contents(frames: readonly Mp3Frame[], own: Bytes, bytes: Bytes): Uint8Array {
  return Uint8Array.from({ length: 100 }, (_, percent) => {
    const frame = frames[Math.floor((percent * frames.length) / 100)];
    return Math.floor(((own + (frame?.offset ?? 0)) * 256) / bytes);
  });
}
