import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ENTRIES = { 'baton-player': '../../player/baton-player.ts', demo: '../../player/demo/demo.ts' } as const;

/** The browser's scripts by the path they are served at: each one an ES module without imports. */
export async function bundlePlayer(): Promise<ReadonlyMap<string, Uint8Array>> {
  const entryPoints = Object.entries(ENTRIES).map(([out, source]) => ({
    out,
    in: fileURLToPath(new URL(source, import.meta.url)),
  }));
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    write: false,
    outdir: '/player',
  });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}
