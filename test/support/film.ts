import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg, inFolder, SYSTEM_FFMPEG, FFMPEG } from './ffmpeg.ts';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A film for tests: each frame has its number in it as bits, and flashes at each full second, when a beep begins. */
export interface FilmRecipe {
  readonly seconds?: number;
  /** Frames a second, as ffmpeg writes it. */
  readonly rate?: string;
  readonly width?: number;
  readonly height?: number;
  readonly extension?: string;
  /** How the pictures are encoded; left away: H.264 with key frames every 2 s and B frames. */
  readonly video?: readonly string[];
  /** How the sound is encoded; null: there is none. */
  readonly audio?: readonly string[] | null;
  /** What else ffmpeg is told of the output. */
  readonly output?: readonly string[];
  /** Turns, or what else happens to the finished file: passed on as it is with these arguments. */
  readonly again?: { readonly input: readonly string[]; readonly output: readonly string[] };
}

/** The bits of a frame's number, and the flash under them, in shares of the picture. */
const BITS = 12;
const FLASH_SECONDS = 0.08;
const BEEP_SECONDS = 0.08;
const SOUND_RATE = 48_000;
const FOLDER = join(import.meta.dirname, '../../node_modules/.cache/baton-films');

export const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '50', '-bf', '2', '-crf', '20'];
const AAC = ['-c:a', 'aac', '-b:a', '96k'];

/** The film of a recipe, made with the real ffmpeg at first use and kept under node_modules/.cache. */
export async function film(recipe: FilmRecipe = {}): Promise<Uint8Array> {
  const name = createHash('sha256').update(OWN_TEXT).update(JSON.stringify(recipe)).digest('hex').slice(0, 20);
  const path = join(FOLDER, `${name}.${recipe.extension ?? 'mp4'}`);
  try {
    return await readFile(path);
  } catch {
    const bytes = await make(recipe);
    await mkdir(FOLDER, { recursive: true });
    await writeFile(`${path}.${process.pid}`, bytes);
    await rename(`${path}.${process.pid}`, path);
    return bytes;
  }
}

const OWN_TEXT = 'film-1';

async function make(recipe: FilmRecipe): Promise<Uint8Array> {
  const { seconds = 14, rate = '25', width = 320, height = 180, extension = 'mp4' } = recipe;
  const { video = H264, audio = AAC, output = [], again } = recipe;
  const run = encoderOf(video);
  return await inFolder(async (folder) => {
    const [num = 25, den = 1] = rate.split('/').map(Number);
    const frames = Math.round((seconds * num) / den);
    const pictures = Array.from({ length: frames }, (_, frame) => picture(frame, (frame * den) / num, width, height));
    await writeFile(`${folder}/pictures`, Buffer.concat(pictures));
    await writeFile(`${folder}/sound`, new Uint8Array(beeps(seconds).buffer));
    const raw = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${width}x${height}`, '-r', rate];
    const sound = ['-f', 's16le', '-ar', String(SOUND_RATE), '-ac', '1', '-i', `${folder}/sound`];
    const out = `${folder}/out.${extension}`;
    await run([
      ...[...raw, '-i', `${folder}/pictures`, ...(audio === null ? [] : sound)],
      ...['-pix_fmt', 'yuv420p', ...video, ...(audio ?? ['-an']), ...output, out],
    ]);
    if (again === undefined) return await readFile(out);
    const copy = `${folder}/again.${extension}`;
    await run([...again.input, '-i', out, '-c', 'copy', ...again.output, copy]);
    return await readFile(copy);
  });
}

/** The system's ffmpeg encodes what ours is too old for. */
function encoderOf(video: readonly string[]): (args: readonly string[]) => Promise<unknown> {
  const isNew = SYSTEM_FFMPEG !== null && video.some((word) => /libx265|svtav1|libaom/.test(word));
  if (!isNew) return ffmpeg;
  return (args) => promisify(execFile)(SYSTEM_FFMPEG ?? FFMPEG, ['-v', 'error', '-y', ...args]);
}

/** The number along the top, the flash below, and a bar that moves, so that there is something to be predicted. */
function picture(frame: number, seconds: number, width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(width * height).fill(60);
  const fill = (x0: number, x1: number, y0: number, y1: number, value: number): void => {
    for (let y = Math.floor(y0 * height); y < Math.floor(y1 * height); y++)
      bytes.fill(value, y * width + Math.floor(x0 * width), y * width + Math.floor(x1 * width));
  };
  for (let bit = 0; bit < BITS; bit++)
    fill(bit / BITS, (bit + 1) / BITS, 0, 0.4, (frame >> (BITS - 1 - bit)) & 1 ? 235 : 16);
  const inSecond = seconds + 1e-6 - Math.floor(seconds + 1e-6);
  fill(0, 1, 0.5, 0.75, inSecond < FLASH_SECONDS ? 235 : 16);
  fill(Math.min(0.9, inSecond), Math.min(1, inSecond + 0.1), 0.85, 1, 160);
  return bytes;
}

function beeps(seconds: number): Int16Array {
  const samples = new Int16Array(Math.round(seconds * SOUND_RATE));
  for (let at = 0; at < samples.length; at++)
    if (at % SOUND_RATE < BEEP_SECONDS * SOUND_RATE)
      samples[at] = 12_000 * Math.sin((at * 2 * Math.PI * 1000) / SOUND_RATE);
  return samples;
}

/** A frame as it was decoded. */
export interface SeenFrame {
  readonly number: number;
  readonly isFlash: boolean;
}

/** All frames of a file, in the order they are shown, each as often as it was coded. */
export async function seenFrames(file: Uint8Array, filter = 'null'): Promise<SeenFrame[]> {
  const [width, height] = [96, 40];
  return await inFolder(async (folder) => {
    await writeFile(`${folder}/film`, file);
    const scale = `${filter},scale=${width}:${height}:flags=area`;
    const run = promisify(execFile);
    const args = ['-v', 'error', '-i', `${folder}/film`, '-an', '-vf', scale, '-vsync', 'passthrough'];
    const options = { encoding: 'buffer', maxBuffer: 2 ** 28 } as const;
    const { stdout } = await run(
      SYSTEM_FFMPEG ?? FFMPEG,
      [...args, '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'],
      options,
    );
    const size = width * height;
    return Array.from({ length: Math.floor(stdout.length / size) }, (_, frame) =>
      read(stdout.subarray(frame * size, (frame + 1) * size), width, height),
    );
  });
}

function read(bytes: Uint8Array, width: number, height: number): SeenFrame {
  const at = (x: number, y: number): boolean =>
    (bytes[Math.floor(y * height) * width + Math.floor(x * width)] ?? 0) > 128;
  let number = 0;
  for (let bit = 0; bit < BITS; bit++) number = number * 2 + (at((bit + 0.5) / BITS, 0.2) ? 1 : 0);
  return { number, isFlash: at(0.5, 0.62) };
}

/** Where beeps begin, in seconds of the sound. */
export function beepTimes(sound: Int16Array, rate: number): number[] {
  const times: number[] = [];
  let quietSince = -Infinity;
  for (let at = 0; at < sound.length; at++) {
    if (Math.abs(sound[at] ?? 0) < 3000) continue;
    if (at - quietSince > rate / 4) times.push(at / rate);
    quietSince = at;
  }
  return times;
}
