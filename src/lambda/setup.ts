import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, type Config } from '../config.ts';
import { toBatonError } from '../errors.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import { readKeysSecret } from '../sign/keys-secret.ts';
import { parseKeys, type Keys } from '../sign/keys.ts';
import type { StoreCalls } from '../store/counted.ts';
import { openStores } from '../store/open-store.ts';
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
  /** The same, but what fails is thrown. */
  readonly strictStore: Store;
  /** Of that store, since the environment began. */
  readonly storeCalls: Readonly<StoreCalls>;
  /** Where the bundle, ffmpeg and the player are. */
  readonly packageFolder: string;
}

/** Keys that were revoked are gone after this long; one that is not known is looked for at most this often. */
const KEYS_FRESH_MS: Milliseconds = 300_000;
const UNKNOWN_KEY_MS: Milliseconds = 10_000;

/**
 * Gives the setup, made at the first call, with the key of the link at `path` if there is such a key; after a failure
 * the next call tries again. Throws CONFIG_INVALID, ENCODER_MISSING.
 */
export function lastingSetup(): (path?: string) => Promise<Setup> {
  let made: Promise<Setup> | null = null;
  let keysAt: Milliseconds = 0;

  const make = async (known: Setup | null): Promise<Setup> => {
    keysAt = performance.now();
    if (known === null) return setUp(readConfig(process.env));
    const keys = await readKeys(known.config).catch((thrown: unknown) => {
      report(toBatonError(thrown)); // links of the keys that are known stay good
      return known.keys;
    });
    return { ...known, keys };
  };

  return async (path) => {
    const first = (made ??= make(null));
    first.catch(() => (made = null));
    const known = await first;
    const freshMs = path === undefined || knowsKeyOf(path, known.keys) ? KEYS_FRESH_MS : UNKNOWN_KEY_MS;
    if (known.config.keysSecret === null || performance.now() - keysAt < freshMs) return known;
    return (made = make(known));
  };
}

async function setUp(config: Config): Promise<Setup> {
  const packageFolder = config.packageFolder ?? process.cwd();
  const folder = join(tmpdir(), 'baton-store');
  const storeCalls: StoreCalls = { reads: 0, writes: 0 };
  const [keys, engine, { store, strictStore }] = await Promise.all([
    readKeys(config),
    packagedEngine(packageFolder),
    openStores({ config, folder, onFault: report, now: Date.now, calls: storeCalls }),
  ]);
  const lasting = (each: Store): Store => ({ ...each, close: () => Promise.resolve() });
  return { config, keys, engine, store: lasting(store), strictStore: lasting(strictStore), storeCalls, packageFolder };
}

const readKeys = async ({ keys, keysSecret }: Config): Promise<Keys> =>
  keysSecret === null ? parseKeys(keys ?? '') : readKeysSecret(keysSecret);

/** The key id stands at the start of the token, or for it where the edge has checked it. */
function knowsKeyOf(path: string, keys: Keys): boolean {
  const kid = /^\/[a-z]+\/([a-z0-9]{1,8})[./]/.exec(path)?.[1];
  return kid === undefined || keys.byId.has(kid);
}
