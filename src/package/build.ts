import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BatonError } from '../errors.ts';
import { findFfmpeg } from '../ffmpeg/binary.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { Architecture } from './architecture.ts';
import { bundleHandlers, type Bundle } from './bundle.ts';
import { edgeCode } from './edge-code.ts';
import { engineRecord, type EngineRecord } from './engine-record.ts';
import { fetchedFfmpeg } from './fetch-ffmpeg.ts';
import { HANDLERS } from './handlers.ts';
import { initTime } from './init-time.ts';
import { writePlayerFiles } from './player-files.ts';

/** What `build` makes, and for which machine. */
export interface BuildOptions {
  readonly arch: Architecture;
  /** The folder that gets `lambda/` and `edge/` (default: `dist/` of this package). */
  readonly distFolder?: string;
  /** A static ffmpeg for `arch` (default: the npm package's for this machine, the fetched one for another). */
  readonly ffmpegPath?: string | undefined;
  /** Starts each bundle three times to tell how long it takes (default: false). */
  readonly measure?: boolean;
  readonly report?: (text: string) => void;
}

/** What was built. */
export interface Built {
  /** Everything a function needs: `<name>.mjs`, `ffmpeg`, `engine.json`, `player/`. */
  readonly folder: string;
  readonly engine: EngineRecord;
  readonly bundles: readonly (Bundle & { readonly initMs: Milliseconds | null })[];
  /** The CloudFront Function. */
  readonly edgeFile: string;
  readonly edgeBytes: Bytes;
}

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const BINARY = 'ffmpeg';

/**
 * Makes what is deployed: the code of the functions with ffmpeg, the player and the engine record in `lambda/`, the
 * code for CloudFront in `edge/`. What stood there is replaced in one step once all is done.
 * Throws ENCODER_MISSING, INTERNAL when the source does not compile.
 */
export async function build(options: BuildOptions): Promise<Built> {
  const { arch, distFolder = DIST, report = () => undefined } = options;
  const folder = join(distFolder, 'lambda');
  const ffmpeg = options.ffmpegPath ?? nativeOrFetched(arch);
  await mkdir(distFolder, { recursive: true });
  const draft = await mkdtemp(join(distFolder, '.draft-'));
  try {
    report('Bundling the handlers');
    const bundles = await bundleHandlers(HANDLERS, draft).catch((cause: unknown) => {
      throw new BatonError('INTERNAL', cause instanceof Error ? cause.message : String(cause), { cause });
    });
    await writePlayerFiles(join(draft, 'player'));
    report(`Packing ${ffmpeg}`);
    const engine = await writeEngine(ffmpeg, draft, arch);
    await chmod(draft, 0o755);
    const edge = await writeEdge(join(distFolder, 'edge'));
    await replace(folder, draft);
    const timed = [];
    for (const bundle of bundles) {
      if (options.measure === true) report(`Starting ${bundle.file}`);
      const initMs = options.measure === true ? await initTime(join(folder, bundle.file)) : null;
      timed.push({ ...bundle, initMs });
    }
    return { folder, engine, bundles: timed, ...edge };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

const nativeOrFetched = (arch: Architecture): string =>
  arch === process.arch && process.platform === 'linux' ? findFfmpeg(null) : fetchedFfmpeg(arch);

async function writeEngine(ffmpeg: string, folder: string, arch: Architecture): Promise<EngineRecord> {
  const record = await engineRecord(ffmpeg, BINARY, arch).catch((thrown: unknown) => {
    if (ffmpeg !== fetchedFfmpeg(arch)) throw thrown;
    const detail = `ffmpeg for ${arch} is not here yet: npm run fetch-ffmpeg -- --arch ${arch}`;
    throw new BatonError('ENCODER_MISSING', detail, { cause: thrown });
  });
  await copyFile(ffmpeg, join(folder, BINARY));
  await chmod(join(folder, BINARY), 0o755);
  await writeFile(join(folder, 'engine.json'), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

/** As the code itself, and as JSON for `serverless.yml`: osls would run a `.js` file instead of reading it. */
async function writeEdge(folder: string): Promise<{ edgeFile: string; edgeBytes: Bytes }> {
  const code = await edgeCode();
  const edgeFile = join(folder, 'viewer-request.js');
  await mkdir(folder, { recursive: true });
  await writeFile(edgeFile, code);
  await writeFile(join(folder, 'viewer-request.json'), JSON.stringify({ code }));
  return { edgeFile, edgeBytes: Buffer.byteLength(code) };
}

/** Whoever runs the old build goes on with what it has opened. */
async function replace(folder: string, draft: string): Promise<void> {
  const old = join(dirname(folder), `.old-${basename(draft)}`);
  await rename(folder, old).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  await rename(draft, folder);
  await rm(old, { recursive: true, force: true });
}
