import installer from '@ffmpeg-installer/ffmpeg';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Mp3Frame, type Mp3Walker, mp3Walker } from '../../src/media/mp3.ts';

/** The ffmpegs to prove things with: the one that Baton uses, and the system's when it has one. */
export const FFMPEGS = [installer.path, '/usr/bin/ffmpeg'].filter((path) => existsSync(path));

/** The system's ffprobe, or null: the installer brings none. */
export const FFPROBE = existsSync('/usr/bin/ffprobe') ? '/usr/bin/ffprobe' : null;

/** What `ffmpeg args` writes to stdout. */
export function ffmpeg(
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
  path = installer.path,
): Uint8Array {
  return new Uint8Array(run(path, ['-hide_banner', '-nostdin', '-v', 'error', ...args], input));
}

/** What ffprobe says of a file, as JSON. */
export function ffprobe(path: string, ...show: readonly string[]): unknown {
  return JSON.parse(run(FFPROBE ?? '', ['-v', 'error', '-of', 'json', ...show, path]).toString());
}

/** Interleaved s16le: tones with a little noise, the same on every run. */
export function tones(samples: number, channels: number, seed = 7): Uint8Array {
  const random = seededRandom(seed);
  const pcm = new Int16Array(samples * channels);
  for (let i = 0; i < pcm.length; i++) {
    const t = Math.floor(i / channels);
    pcm[i] = 9000 * Math.sin(t / (11 + (i % channels))) * Math.sin(t / 3001) + 3000 * (random() - 0.5);
  }
  return new Uint8Array(pcm.buffer);
}

/** Constant bitrate without reservoir, and without any tag. */
export const lameArgs = (kbps: number): readonly string[] => [
  ...['-c:a', 'libmp3lame', '-b:a', `${kbps}k`, '-reservoir', '0', '-write_xing', '0', '-id3v2_version', '0'],
  ...['-map_metadata', '-1', '-fflags', '+bitexact', '-f', 'mp3', 'pipe:1'],
];

export const pcmArgs = (sampleRate: number, channels: number): readonly string[] => [
  ...['-f', 's16le', '-ar', `${sampleRate}`, '-ac', `${channels}`, '-i', 'pipe:0'],
];

/** A short MP3: frames only. */
export const mp3 = (samples: number, sampleRate = 48_000, channels = 2, kbps = 128): Uint8Array =>
  ffmpeg([...pcmArgs(sampleRate, channels), ...lameArgs(kbps)], tones(samples, channels));

/** What a walker gives when `bytes` come in pieces of the sizes that `size` deals out. */
export function walk(bytes: Uint8Array, size: () => number, walker: Mp3Walker = mp3Walker()): Mp3Frame[] {
  const frames: Mp3Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.slice(at, at + size());
    frames.push(...walker.push(piece).map((frame) => ({ ...frame, bytes: frame.bytes.slice() })));
    at += piece.length;
    piece.fill(0xff); // a walker that went on using what was pushed would now give wrong frames
  }
  return [...frames, ...walker.end()];
}

/** The access units of an ADTS stream without CRCs, headers taken off. */
export function adtsFrames(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const units: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = (view.getUint32(at + 2) >> 5) & 0x1fff;
    units.push(bytes.subarray(at + 7, at + size));
    at += size;
  }
  return units;
}

/** Numbers from 0 to below 1, the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export function randomBytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => random() * 256);
}

export const join = (...parts: readonly (Uint8Array | readonly number[] | string)[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)))),
  );

function run(path: string, args: readonly string[], input: Uint8Array = new Uint8Array()): Buffer {
  const { status, stdout, stderr, error } = spawnSync(path, args, { input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${path} ${args.join(' ')}: ${error?.message ?? stderr.toString()}`);
  return stdout;
}
