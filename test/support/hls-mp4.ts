import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** The part of hls.js that reads MP4, which it keeps to itself. */
export interface HlsMp4 {
  readonly parseInitSegment: (init: Uint8Array) => {
    readonly audio?: { readonly id: number; readonly timescale: number; readonly codec: string };
  };
  /** By track. */
  readonly getSampleData: (
    fragments: Uint8Array,
    initData: object,
    chunk: object,
    logger: object,
  ) => Readonly<Record<number, { readonly start: number; readonly duration: number; readonly sampleCount: number }>>;
  readonly findBox: (data: Uint8Array, path: readonly string[]) => readonly Uint8Array[];
  /** `data` without size and type; texts come with the 0 at their end. */
  readonly parseEmsg: (data: Uint8Array) => {
    readonly schemeIdUri: string;
    readonly value: string;
    readonly timeScale: number;
    readonly presentationTime?: number;
    readonly eventDuration: number;
    readonly id: number;
    readonly payload: Uint8Array;
  };
}

/** Built from the sources that come with hls.js, as far as they come with it. */
export async function hlsMp4(): Promise<HlsMp4> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../../node_modules/hls.js/src/utils/mp4-tools.ts')],
    ...{ bundle: true, write: false, format: 'esm', logLevel: 'silent', plugins: [absent] },
    define: { self: 'globalThis' },
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? '').toString('base64');
  return (await import(/* @vite-ignore */ `data:text/javascript;base64,${code}`)) as HlsMp4;
}

/** Its own dependencies, which reading MP4 does without. */
const absent: Plugin = {
  name: 'absent',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' ? null : { path, namespace: 'absent' },
    );
    bundler.onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: 'module.exports = {}' }));
  },
};
