import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import type { Bytes } from '../units.ts';

/** npm packages and rooms of Baton by the bytes they take, the largest first. */
export type Shares = readonly (readonly [name: string, bytes: Bytes])[];

/** One function's code. */
export interface Bundle {
  /** As in `handlers/`. */
  readonly name: string;
  /** Path inside the output folder. */
  readonly file: string;
  /** What the runtime loads at start: the entry and all that it imports. */
  readonly start: Shares;
  /** What is loaded on demand, by `import()`. */
  readonly later: Shares;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What CommonJS packages find where an ES module has none of it. */
const COMMONJS = [
  "import { createRequire as batonRequire } from 'node:module';",
  'const require = batonRequire(import.meta.url);',
  'const __dirname = import.meta.dirname;', // fluent-ffmpeg looks for presets there, and needs none
].join('');

/**
 * Writes the handlers `names` as ES modules for Node 24 into `folder`: everything inside but Node's own modules. Code
 * that several of them share, or that is imported on demand, lies in files of its own.
 */
export async function bundleHandlers(names: readonly string[], folder: string): Promise<readonly Bundle[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: names.map((name) => `handlers/${name}.ts`),
    outdir: folder,
    entryNames: '[name]',
    chunkNames: 'parts/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    keepNames: true, // errors are told apart by their names in logs
    treeShaking: true,
    legalComments: 'none',
    platform: 'node',
    mainFields: ['module', 'main'], // of a CommonJS package import() gives no more than the default here
    format: 'esm',
    target: 'node24',
    banner: { js: COMMONJS },
    metafile: true,
    logLevel: 'silent',
  });
  return names.map((name) => describe(name, metafile));
}

type Outputs = Metafile['outputs'];

function describe(name: string, { outputs }: Metafile): Bundle {
  const [entry = ''] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === `handlers/${name}.ts`) ?? [];
  const start = reach(entry, outputs, false);
  const later = new Set([...reach(entry, outputs, true)].filter((path) => !start.has(path)));
  return { name, file: basename(entry), start: shares(start, outputs), later: shares(later, outputs) };
}

/** The files that `entry` imports, directly or through others; with `isLater` also those that it imports on demand. */
function reach(entry: string, outputs: Outputs, isLater: boolean): Set<string> {
  const reached = new Set([entry]);
  for (const path of reached) {
    for (const { path: next, kind, external } of outputs[path]?.imports ?? [])
      if (external !== true && (isLater || kind === 'import-statement')) reached.add(next);
  }
  return reached;
}

function shares(paths: ReadonlySet<string>, outputs: Outputs): Shares {
  const byOwner = new Map<string, Bytes>();
  for (const [input, { bytesInOutput }] of [...paths].flatMap((path) => Object.entries(outputs[path]?.inputs ?? {})))
    byOwner.set(ownerOf(input), (byOwner.get(ownerOf(input)) ?? 0) + bytesInOutput);
  return [...byOwner].filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a);
}

const ownerOf = (input: string): string =>
  /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? /^((?:src\/)?[^/]+)/.exec(input)?.[1] ?? input;
