import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import installer from '@ffmpeg-installer/ffmpeg';
import type { Pcm } from './signal.ts';

/** The ffmpeg that Baton uses, too. */
export const FFMPEG = installer.path;

/** The system's ffprobe, a second opinion where there is one. */
export const FFPROBE = existsSync('/usr/bin/ffprobe') ? '/usr/bin/ffprobe' : null;

/** The system's ffmpeg (a newer build), where there is one. */
export const SYSTEM_FFMPEG = existsSync('/usr/bin/ffmpeg') ? '/usr/bin/ffmpeg' : null;

export interface DecodeOptions {
  readonly binary?: string;
  /** Output arguments, such as '-ar', '48000'. */
  readonly args?: readonly string[];
}

/** What ffmpeg writes to stdout, given `input` on stdin; throws with its stderr when it fails. */
export const ffmpeg = (args: readonly string[], input?: Uint8Array, binary = FFMPEG): Promise<Buffer> =>
  run(binary, ['-hide_banner', '-v', 'error', '-y', ...args], input);

/** The sound of a file, or of bytes put into one (only from files does ffmpeg drop priming and padding), at its own rate. */
export async function decode(
  file: string | Uint8Array,
  { binary = FFMPEG, args = [] }: DecodeOptions = {},
): Promise<Pcm> {
  return pcmOf(await decodeToWav(file, binary, ['-c:a', 'pcm_s16le', ...args]));
}

/** The sound of a WAV of 16 bits. */
export function pcmOf(wav: Buffer): Pcm {
  const { fmt, data } = partsOf(wav);
  return { ...fmt, data: new Int16Array(aligned(data)) };
}

/** As `decode`, in 32-bit floats, full scale 1. */
export async function decodeFloat(
  file: string | Uint8Array,
  { binary = FFMPEG, args = [] }: DecodeOptions = {},
): Promise<{ data: Float32Array; sampleRate: number; channels: 1 | 2 }> {
  const { fmt, data } = partsOf(await decodeToWav(file, binary, ['-c:a', 'pcm_f32le', ...args]));
  return { ...fmt, data: new Float32Array(aligned(data)) };
}

/** What ffprobe says of a file, or null where there is no ffprobe. */
export async function ffprobe(file: string | Uint8Array): Promise<Probed | null> {
  const binary = FFPROBE;
  if (binary === null) return null;
  return await inFile(file, async (path) => {
    const args = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', '-show_chapters', path];
    return JSON.parse((await run(binary, args)).toString()) as Probed;
  });
}

export interface Probed {
  readonly format: { readonly duration?: string; readonly format_name: string; readonly tags?: Record<string, string> };
  readonly streams: readonly {
    readonly codec_type: string;
    readonly codec_name: string;
    readonly sample_rate?: string;
    readonly channels?: number;
    readonly duration?: string;
  }[];
  readonly chapters: readonly { start_time: string; end_time: string; tags?: Record<string, string> }[];
}

/** A folder that is gone, with all in it, when `use` is done. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inFile<T>(file: string | Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
  if (typeof file === 'string') return await use(file);
  return await inFolder(async (folder) => {
    const path = join(folder, 'media');
    await writeFile(path, file);
    return await use(path);
  });
}

async function decodeToWav(file: string | Uint8Array, binary: string, args: readonly string[]): Promise<Buffer> {
  return await inFile(file, (path) =>
    run(binary, [
      '-hide_banner',
      '-v',
      'error',
      '-i',
      path,
      '-map',
      '0:a:0',
      '-map_metadata',
      '-1',
      '-bitexact',
      ...args,
      '-f',
      'wav',
      'pipe:1',
    ]),
  );
}

function partsOf(wav: Buffer) {
  const view = new DataView(wav.buffer, wav.byteOffset, wav.byteLength);
  const fmt = { channels: view.getUint16(22, true) as 1 | 2, sampleRate: view.getUint32(24, true) };
  return { fmt, data: wav.subarray(wav.indexOf('data', 12, 'latin1') + 8) };
}

// Typed arrays need their element's alignment, which the end of a WAV header does not promise.
const aligned = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

function run(binary: string, args: readonly string[], input: Uint8Array = new Uint8Array()): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    let complaint = '';
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => (complaint = (complaint + bytes.toString()).slice(-2000)));
    child.stdin.on('error', () => undefined); // it may end without reading all of its input
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(new Error(`${binary} ${args.join(' ')}: ${signal ?? code ?? ''} ${complaint}`));
    });
    child.stdin.end(input);
  });
}
