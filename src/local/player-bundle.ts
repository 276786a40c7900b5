import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compactTexts } from './compact-texts.ts';
import { PLAYER_ENTRIES } from './player-entries.ts';

let bundled: ReturnType<typeof bundlePlayer> | null = null;

/** As `bundlePlayer`, for this process once: it costs a second or so. */
export const bundledPlayer = (): ReturnType<typeof bundlePlayer> => (bundled ??= bundlePlayer());

/** The browser's scripts by the path they are served at: each one an ES module that needs no other to begin with. */
export async function bundlePlayer(): Promise<ReadonlyMap<string, Uint8Array>> {
  const built = await Promise.all(PLAYER_ENTRIES.map(bundle));
  return new Map(built.flat());
}

async function bundle(entries: Readonly<Record<string, string>>): Promise<[path: string, contents: Uint8Array][]> {
  const entryPoints = Object.entries(entries).map(([out, source]) => ({
    out,
    in: fileURLToPath(new URL(`../../player/${source}`, import.meta.url)),
  }));
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    minify: true,
    splitting: true, // what is loaded later stays apart; it shares no code with the entry, so that no third file comes of it
    charset: 'utf8', // as which every browser reads a module
    format: 'esm',
    target: 'es2022',
    legalComments: 'inline', // the licence of hls.js asks for it
    plugins: [compactTexts],
    write: false,
    outdir: '/player',
  });
  return outputFiles.map(({ path, contents }) => [path, contents]);
}
