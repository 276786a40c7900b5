import type { Config } from '../config.ts';
import type { BatonError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import { breakerStore } from './breaker.ts';
import { countedStore, type StoreCalls } from './counted.ts';
import { degradingStore } from './degrading.ts';
import { folderStore } from './folder.ts';
import { layeredStore } from './layered.ts';
import { memoryStore } from './memory.ts';
import type { Store } from './store.ts';

/** What the store of a process depends on. */
export interface StoreSetup {
  readonly config: Config;
  /** Where it lies when the configuration says nothing. */
  readonly folder: string;
  /** Hears of a store that fails; listeners are served all the same. */
  readonly onFault: (error: BatonError) => void;
  readonly now: () => Milliseconds;
  /** Where reads and writes of what lies behind the memory are counted. */
  readonly calls?: StoreCalls;
}

/** Channels wait for it. */
const REST_MS: Milliseconds = 1_000;

/** The configured store, in both forms; closing the first closes all. */
export interface Stores {
  /** Behind one in memory; what fails counts as absent. */
  readonly store: Store;
  /** As it is: its failures are thrown, for those to whom absence means something else. */
  readonly strictStore: Store;
}

export async function openStores({ config, folder, onFault, now, calls }: StoreSetup): Promise<Stores> {
  const { storeAddress: address, storeBytes: maxBytes, memoryBytes } = config;
  const counted = (store: Store): Store => (calls === undefined ? store : countedStore(store, calls));
  const back =
    address?.kind === 's3'
      ? breakerStore(counted(await onS3(address, config)), { restMs: REST_MS })
      : counted(folderStore(address === null ? folder : address.path, { maxBytes, now }));
  const store = degradingStore(layeredStore(memoryStore({ maxBytes: memoryBytes }), back), onFault, now);
  return { store, strictStore: back };
}

async function onS3(address: { bucket: string; prefix: string }, { s3Endpoint }: Config): Promise<Store> {
  const [{ s3Store }, { s3Client }] = await Promise.all([import('./s3.ts'), import('./s3-client.ts')]); // large
  return s3Store({ ...address, client: s3Client({ endpoint: s3Endpoint, region: null }) });
}
