import { readConfig, type Config } from '../../src/config.ts';
import type { Output } from '../../src/encode/output.ts';
import { createBaton, type Baton } from '../../src/relay/baton.ts';
import type { Store } from '../../src/store/store.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { testEngine, testKeys } from './baton.ts';

/** The parts of a relay without a server: what plays and encodes. */
export interface Relay extends AsyncDisposable {
  readonly baton: Baton;
  /** A rendition of a source, ready to be played; waits until its length is known. */
  output(url: string, options?: string): Promise<Output>;
}

export async function startRelay(
  allowOrigin: string,
  { store = memoryStore({ maxBytes: 2 ** 27 }), ...config }: Partial<Config> & { store?: Store } = {},
): Promise<Relay> {
  const baton = createBaton({
    config: { ...readConfig({}), allowOrigins: [allowOrigin], ...config },
    keys: testKeys(),
    engine: await testEngine(),
    store,
    parked: 4,
    now: Date.now,
    onUsage: () => undefined,
  });
  return {
    baton,
    output: async (url, options = 'codec.mp3~bitrate.96k') => {
      const { signal } = new AbortController();
      const source = await baton.sources.indexed(await baton.sources.open(url, signal), signal);
      const { frames } = baton.files(source, options);
      if (frames.kind !== 'encoded') throw new Error(`${options} of ${url} is relayed`);
      return frames.output;
    },
    [Symbol.asyncDispose]: () => baton.close(),
  };
}
