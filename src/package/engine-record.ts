import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { CPU_FLAGS } from '../ffmpeg/args.ts';
import { computeEngineId } from '../ffmpeg/engine.ts';
import { checkExecutable, type Architecture } from './architecture.ts';

/** `engine.json`: what a packaged function knows of its ffmpeg without hashing or running it. */
export interface EngineRecord {
  readonly arch: Architecture;
  /** As `Engine.id`. */
  readonly id: string;
  /** Name of the binary, beside this record. */
  readonly file: string;
  readonly elfMachine: string;
  readonly version: string;
  /** False when the binary cannot run on the machine that packed it, so that no test encode went into its id. */
  readonly canary: boolean;
}

/** The record of the binary at `path`, which is packed as `file`. Throws ENCODER_MISSING when it does not fit `arch`. */
export async function engineRecord(path: string, file: string, arch: Architecture): Promise<EngineRecord> {
  const elfMachine = await checkExecutable(path, arch);
  const canary = process.arch === arch && process.platform === 'linux';
  const { digest, version } = await readBinary(path, arch);
  const id = canary ? await computeEngineId(path, arch) : digest;
  return { arch, id, file, elfMachine, version, canary };
}

/** Every part of ffmpeg carries the version of the build as text. */
const VERSION = /FFmpeg version ([\x21-\x7e]{1,80})[ \0]/;
const LONGEST_VERSION = 100;

/** The hash of the binary and what it is run with, and its version, in one pass over the file. */
async function readBinary(path: string, arch: Architecture): Promise<{ digest: string; version: string }> {
  const hash = createHash('sha256');
  let version: string | null = null;
  let tail = '';
  for await (const bytes of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    hash.update(bytes);
    const text: string = version === null ? tail + bytes.toString('latin1') : '';
    version ??= VERSION.exec(text)?.[1] ?? null;
    tail = text.slice(-LONGEST_VERSION);
  }
  hash.update(`\n${arch}\n${CPU_FLAGS[arch] ?? ''}\nno canary`);
  return { digest: hash.digest('hex').slice(0, 16), version: version ?? 'unknown' };
}
