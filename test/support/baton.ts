import { randomBytes } from 'node:crypto';
import { readConfig, type Config } from '../../src/config.ts';
import { findFfmpeg } from '../../src/ffmpeg/binary.ts';
import { readEngine, type Engine } from '../../src/ffmpeg/engine.ts';
import type { PublisherRecord } from '../../src/ingest/publisher-record.ts';
import { startServer } from '../../src/local/server.ts';
import type { UsageRecord } from '../../src/meter/usage.ts';
import { addKey, newKey, parseKeys, type Keys } from '../../src/sign/keys.ts';
import { publicLink, type LinkContent } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import type { Door } from './lambda-baton.ts';
import { episodeName } from './promise.ts';

/** A Baton under test: the real server on a free port of loopback, with what it logged. */
export interface TestBaton extends AsyncDisposable {
  readonly origin: string;
  readonly keys: Keys;
  readonly usage: UsageRecord[];
  /** What a server logged of its publishers. */
  readonly publishers: PublisherRecord[];
  readonly store: Store;
  /** Absolute address of the virtual file of `source` with these options. */
  file(source: string, options?: string, content?: Partial<LinkContent>): string;
  stop(): Promise<void>;
}

export interface TestBatonOptions {
  readonly allowOrigins: readonly string[];
  readonly store?: Store;
  /** Where failures of that are thrown, on the server. */
  readonly strictStore?: Store;
  readonly keys?: Keys;
  readonly config?: Partial<Config>;
  readonly now?: () => number;
}

const MiB = 2 ** 20;

/** Where the tests run Baton: `server`, or the local Lambda behind one of its doors. */
export const RUNTIME = (process.env['BATON_TEST_RUNTIME'] ?? 'server') as 'server' | Door;

export async function startBaton(options: TestBatonOptions): Promise<TestBaton> {
  const keys = options.keys ?? testKeys();
  if (RUNTIME === 'server') return startOnServer(options, keys);
  const { startOnLambda } = await import('./lambda-baton.ts');
  return startOnLambda(options, keys, RUNTIME);
}

async function startOnServer(options: TestBatonOptions, keys: Keys): Promise<TestBaton> {
  const usage: UsageRecord[] = [];
  const publishers: PublisherRecord[] = [];
  const store = options.store ?? memoryStore({ maxBytes: 256 * MiB });
  const config = { ...readConfig({}), port: 0, shutdownMs: 500, allowOrigins: options.allowOrigins, ...options.config };
  const log = (line: string): void => {
    const record = JSON.parse(line) as UsageRecord | PublisherRecord;
    if ('event' in record) publishers.push(record);
    else usage.push(record);
  };
  const now = options.now ?? ((): number => Date.now());
  const { strictStore = store } = options;
  const made = { config, keys, engine: await testEngine(), store, strictStore };
  const server = await startServer({ ...made, demo: null, log, now });
  const { origin } = server;
  const stop = (): Promise<void> => server.stop();
  return {
    origin,
    keys,
    usage,
    publishers,
    store,
    file: (source, asked = 'codec.mp3~bitrate.128k', content = {}) =>
      origin + publicLink({ kind: 'file', options: asked, source, name: episodeName(asked), ...content }, keys),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

export const testKeys = (): Keys => {
  const { kid, secret } = newKey((count) => randomBytes(count));
  return addKey(parseKeys(`old:${randomBytes(32).toString('base64url')}`), { kid, secret });
};

let engine: Promise<Engine> | null = null;

export const testEngine = (): Promise<Engine> =>
  (engine ??= readEngine(
    findFfmpeg(null),
    process.arch,
    `${import.meta.dirname}/../../node_modules/.cache/baton-test-engine.json`,
  ));
