import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, type Config } from '../config.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import { readKeysSecret } from '../sign/keys-secret.ts';
import { parseKeys, type Keys } from '../sign/keys.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import type { Milliseconds } from '../units.ts';
import { packagedEngine } from './packaged-engine.ts';
import { report } from './report.ts';

/** What an environment keeps from one invocation to the next. */
export interface Setup {
  readonly config: Config;
  readonly keys: Keys;
  readonly engine: Engine;
  /** Lives as long as the environment: closing it does nothing. */
  readonly store: Store;
  /** Where the bundle, ffmpeg and the player are. */
  readonly packageFolder: string;
}

/** Keys that were added or revoked are known after this long. */
const KEYS_FRESH_MS: Milliseconds = 300_000;

/**
 * Gives the setup, made at the first call; after a failure the next call tries again. Throws CONFIG_INVALID,
 * ENCODER_MISSING, KEYS_UNREADABLE.
 */
export function lastingSetup(): () => Promise<Setup> {
  let made: Promise<Setup> | null = null;
  let keysAt: Milliseconds = 0;

  const make = async (known: Setup | null): Promise<Setup> => {
    keysAt = performance.now();
    if (known === null) return setUp(readConfig(process.env));
    return { ...known, keys: await readKeys(known.config).catch(() => known.keys) };
  };

  return async () => {
    const first = (made ??= make(null));
    first.catch(() => (made = null));
    const known = await first;
    if (known.config.keysSecret === null || performance.now() - keysAt < KEYS_FRESH_MS) return known;
    return (made = make(known));
  };
}

async function setUp(config: Config): Promise<Setup> {
  const packageFolder = config.packageFolder ?? process.cwd();
  const folder = join(tmpdir(), 'baton-store');
  const [keys, engine, store] = await Promise.all([
    readKeys(config),
    packagedEngine(packageFolder),
    openStore({ config, folder, onFault: report, now: Date.now }),
  ]);
  return { config, keys, engine, store: { ...store, close: () => Promise.resolve() }, packageFolder };
}

const readKeys = async ({ keys, keysSecret }: Config): Promise<Keys> =>
  keysSecret === null ? parseKeys(keys ?? '') : readKeysSecret(keysSecret);
