import { createHash, type Hash } from 'node:crypto';
import { mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BatonError } from '../errors.ts';
import { CPU_FLAGS, encodeArgs } from './args.ts';
import { INPUTS } from './inputs.ts';
import { startFfmpeg } from './process.ts';
import { runFfmpeg } from './run.ts';

/** What decides the bits of an encode besides the source and the rendition. */
export interface Engine {
  readonly path: string;
  readonly arch: string;
  /** Hash of the binary, the pinned CPU flags and a canary encode: outputs of unequal engines are never mixed. */
  readonly id: string;
}

const HASH_BYTES = 2 ** 20;

interface EngineRecord extends Engine {
  readonly size: number;
  readonly modifiedMs: number;
}

/**
 * The engine of the binary at `path`: from `recordFile` when the record there is of this very binary, else computed
 * (about half a second) and recorded. Throws ENCODER_MISSING when the binary does not run.
 */
export async function readEngine(path: string, arch: string, recordFile: string): Promise<Engine> {
  const { size, mtimeMs: modifiedMs } = await stat(path).catch((cause: unknown) => {
    throw new BatonError('ENCODER_MISSING', `${path} is not there`, { cause });
  });
  const known = await readRecord(recordFile);
  if (known?.path === path && known.arch === arch && known.size === size && known.modifiedMs === modifiedMs)
    return known;
  const record: EngineRecord = { path, arch, id: await computeEngineId(path, arch), size, modifiedMs };
  await writeRecord(recordFile, record).catch(() => undefined); // a read-only place costs half a second per start
  return record;
}

/** The engine id itself; see `readEngine`. */
export async function computeEngineId(path: string, arch: string): Promise<string> {
  const hash = createHash('sha256');
  await hashFile(path, hash);
  hash.update(`\n${arch}\n${CPU_FLAGS[arch] ?? ''}\n`);
  hash.update(await canary(path, arch));
  return hash.digest('hex').slice(0, 16);
}

/** With one buffer: the binary has tens of megabytes, and what is allocated once stays with the process. */
async function hashFile(path: string, hash: Hash): Promise<void> {
  await using file = await open(path);
  const buffer = new Uint8Array(HASH_BYTES);
  for (let read = await file.read(buffer); read.bytesRead > 0; read = await file.read(buffer)) {
    hash.update(buffer.subarray(0, read.bytesRead));
  }
}

/** Two encodes of a fixed sound: from PCM to MP3, and from that MP3 through decoder, resampler and encoder. */
async function canary(path: string, arch: string): Promise<Uint8Array> {
  const first = await transcode(path, PCM_ARGS, sweep());
  const cut = { from: 0, to: 40_000, audioStart: 0, audioEnd: 43_000, encoded: 43_200 };
  return transcode(path, encodeArgs(INPUTS.mp3, CANARY_FORMAT, [cut], arch), first);
}

const CANARY_FORMAT = { codec: 'mp3', sampleRate: 48_000, channels: 2, kbps: 128 } as const;
const PCM_ARGS = [
  ...['-hide_banner', '-nostdin', '-v', 'error', '-f', 's16le', '-ar', '44100', '-ac', '2', '-i', 'pipe:0'],
  ...['-c:a', 'libmp3lame', '-b:a', '128k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3', 'pipe:3'],
];

async function transcode(path: string, args: readonly string[], input: Uint8Array): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const process = startFfmpeg(path, args, 1);
  for await (const { bytes } of runFfmpeg(process, () => once(input), new AbortController().signal)) pieces.push(bytes);
  if (pieces.length === 0) throw new BatonError('ENCODER_MISSING', `${path} encodes nothing`);
  return Buffer.concat(pieces);
}

// eslint-disable-next-line @typescript-eslint/require-await -- an input is asynchronous
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** One second of two swept triangle waves, in whole numbers so that every machine makes the same. */
function sweep(): Uint8Array {
  const samples = new Int16Array(44_100 * 2);
  for (let i = 0; i < samples.length; i += 2) {
    samples[i] = triangle((i * (300 + (i >> 5))) % 65_536);
    samples[i + 1] = triangle((i * (90 + (i >> 7))) % 65_536);
  }
  return new Uint8Array(samples.buffer);
}

const triangle = (phase: number): number => Math.abs(phase - 32_768) - 16_384;

async function readRecord(file: string): Promise<EngineRecord | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as EngineRecord;
  } catch {
    return null;
  }
}

async function writeRecord(file: string, record: EngineRecord): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(draft, JSON.stringify(record));
  await rename(draft, file);
}
