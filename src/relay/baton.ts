import type { Config } from '../config.ts';
import { createChunks, type Chunks } from '../encode/chunks.ts';
import { encoderSlots, type Slots } from '../encode/slots.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import { warmPool } from '../ffmpeg/warm.ts';
import type { UsageRecord } from '../meter/usage.ts';
import { createNet } from '../net/open.ts';
import type { Keys } from '../sign/keys.ts';
import { linkReader, type LinkReader } from '../sign/reader.ts';
import { createSources, type Sources } from '../source/sources.ts';
import type { Store } from '../store/store.ts';
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
  /** Called once for each response, when it is over. */
  readonly onUsage: (record: UsageRecord) => void;
}

/** Listeners who wait may have this many encoders for each one that may encode ahead. */
const URGENT_PER_ENCODER = 4;
const PARKED = { size: 4, idleMs: 120_000 };

/** Puts the parts together. Nothing is started or read before the first request. */
export function createBaton({ config, keys, engine, store, now, onUsage }: Parts): Baton {
  const net = createNet({ allowOrigins: config.allowOrigins });
  const sources = createSources({
    net,
    store,
    now,
    revalidateMs: config.revalidateMs,
    maxSpoolBytes: config.spoolBytes,
  });
  const warm = warmPool(engine.path, PARKED);
  const chunks = createChunks(store, { sources, engine, warm });
  return {
    config,
    keys,
    engine,
    readLink: linkReader(keys),
    files: virtualFiles(engine.id),
    sources,
    chunks,
    slots: encoderSlots(config.encoders, config.encoders * URGENT_PER_ENCODER),
    admission: admission(config.maxRequests),
    now,
    onUsage,
    close: async () => {
      await chunks.close();
      await Promise.all([warm.close(), sources.close()]);
      await net.close();
      await store.close();
    },
  };
}
