import type { Config } from '../config.ts';
import { createChunks, type Chunks } from '../encode/chunks.ts';
import { encoderSlots, type Slots } from '../encode/slots.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import { warmPool } from '../ffmpeg/warm.ts';
import type { UsageRecord } from '../meter/usage.ts';
import type { Keys } from '../sign/keys.ts';
import { linkReader, type LinkReader } from '../sign/reader.ts';
import { sourceNet } from '../source/source-net.ts';
import { createSources, type Sources } from '../source/sources.ts';
import type { Store } from '../store/store.ts';
import { trackedStore } from '../store/tracked.ts';
import type { Milliseconds } from '../units.ts';
import { admission, type Admission } from './admission.ts';
import { virtualFiles, type VirtualFiles } from './virtual-file.ts';

/** Everything a relay needs, put together once per process. */
export interface Baton extends Omit<Parts, 'store'> {
  readonly readLink: LinkReader;
  readonly files: VirtualFiles;
  readonly sources: Sources;
  readonly chunks: Chunks;
  readonly slots: Slots;
  readonly admission: Admission;
  /** Stops parked processes, background reads and connections; what was encoded is written first. */
  close(): Promise<void>;
}

/** What differs from one process, or one test, to the next. */
export interface Parts {
  readonly config: Config;
  readonly keys: Keys;
  readonly engine: Engine;
  /** Closed with the Baton. */
  readonly store: Store;
  /** Unix time. */
  readonly now: () => Milliseconds;
  /** How many processes may be parked for a play from the start; 0 where processes do not outlive a response. */
  readonly parked: number;
  /** Called once for each response, when it is over. */
  readonly onUsage: (record: UsageRecord) => void;
}

/** Listeners who wait may have this many encoders for each one that may encode ahead. */
const URGENT_PER_ENCODER = 4;
const PARKED_MS = 120_000;

/** Puts the parts together. Nothing is started or read before the first request. */
export function createBaton({ config, keys, engine, store, parked, now, onUsage }: Parts): Baton {
  const net = sourceNet(config);
  const tracked = trackedStore(store);
  const sources = createSources({
    net,
    store: tracked,
    now,
    revalidateMs: config.revalidateMs,
    maxSpoolBytes: config.spoolBytes,
  });
  const warm = warmPool(engine.path, { size: parked, idleMs: PARKED_MS });
  const chunks = createChunks(tracked, { sources, engine, warm });
  return {
    config,
    keys,
    engine,
    readLink: linkReader(keys, config),
    files: virtualFiles(engine.id),
    sources,
    chunks,
    slots: encoderSlots(config.encoders, config.encoders * URGENT_PER_ENCODER),
    admission: admission(config.maxRequests),
    parked,
    now,
    onUsage,
    close: async () => {
      await chunks.close();
      await Promise.all([warm.close(), sources.close()]);
      await net.close();
      await tracked.idle();
      await store.close();
    },
  };
}
