import { randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import { createChunks, type Chunks } from '../encode/chunks.ts';
import { encoderSlots, type Slots } from '../encode/slots.ts';
import { createIngest, type Ingest } from '../ingest/ingest.ts';
import { createChannels, type Channels } from '../live/channels.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import { warmPool } from '../ffmpeg/warm.ts';
import type { UsageRecord } from '../meter/usage.ts';
import type { Keys } from '../sign/keys.ts';
import type { Net } from '../net/open.ts';
import type { Kind } from '../sign/link.ts';
import { linkReader, type LinkReader } from '../sign/reader.ts';
import { sourceNet } from '../source/source-net.ts';
import { createPayloads, type Payloads } from '../source/payloads.ts';
import { createSources, type Sources } from '../source/sources.ts';
import { createFilms, type Films } from '../video/films.ts';
import { createSegments, type Segments } from '../video/segments.ts';
import type { Store } from '../store/store.ts';
import { trackedStore } from '../store/tracked.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { admission, type Admission } from './admission.ts';
import { createFeedLengths, type FeedLengths } from './feed-lengths.ts';
import { upstreamPlaylists, type UpstreamPlaylists } from './hls-upstream.ts';
import { virtualFiles, type VirtualFiles } from './virtual-file.ts';

/** Everything a relay needs, put together once per process. */
export interface Baton extends Omit<Parts, 'store' | 'strictStore'> {
  readonly readLink: LinkReader;
  readonly files: VirtualFiles;
  readonly net: Net;
  readonly feeds: FeedLengths;
  readonly sources: Sources;
  readonly payloads: Payloads;
  readonly playlists: UpstreamPlaylists;
  readonly films: Films;
  /** Of pictures. */
  readonly segments: Segments;
  /** The store, which is degraded and waited for. */
  readonly kept: Store;
  readonly chunks: Chunks;
  readonly slots: Slots;
  readonly channels: Channels;
  /** What is published here. */
  readonly ingest: Ingest;
  readonly admission: Admission;
  /** Of listeners of channels. */
  readonly listeners: Admission;
  /** Bytes that were sent so far, by kind. */
  readonly sent: Map<Kind, Bytes>;
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
  /** The same, where its failures are thrown; `store` where it has none. */
  readonly strictStore?: Store;
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
/** Channels begin once: a process that waits for another beginning would wait in vain. */
const NONE_PARKED = { size: 0, idleMs: 0 };
/** Where processes outlive a response, a source is kept for the next listener for a while. */
const LINGER_MS = 5_000;

/** Puts the parts together. Nothing is started or read before the first request. */
export function createBaton(parts: Parts): Baton {
  const { config, keys, engine, store, strictStore = store, parked, now, onUsage } = parts;
  const tracked = trackedStore(store);
  const ingest = createIngest(tracked, now, strictStore);
  const net = sourceNet(config, ingest.recordings);
  const sources = createSources({
    net,
    store: tracked,
    now,
    revalidateMs: config.revalidateMs,
    maxSpoolBytes: config.spoolBytes,
  });
  const payloads = createPayloads({ net, store: tracked, now, revalidateMs: config.revalidateMs });
  const files = virtualFiles(engine.id);
  const { revalidateMs } = config;
  const feeds = createFeedLengths({ sources, files, store: tracked, engineId: engine.id, now, revalidateMs });
  const warm = warmPool(engine.path, { size: parked, idleMs: PARKED_MS });
  const chunks = createChunks(tracked, { sources, engine, warm });
  const slots = encoderSlots(config.encoders, config.encoders * URGENT_PER_ENCODER);
  const segments = createSegments(tracked, slots);
  const { dvrMs, silenceMs } = config;
  const channels = createChannels({
    ...{
      net,
      openShow: (url, signal) => ingest.open(url, signal),
      store: tracked,
      now,
      clock: () => performance.now(),
      dvrMs,
      silenceMs,
    },
    ...{ encoder: { engine, warm: warmPool(engine.path, NONE_PARKED) }, engineId: engine.id },
    holder: randomId(),
    newVersion: randomId,
    lingerMs: parked === 0 ? 0 : LINGER_MS,
  });
  return {
    config,
    keys,
    engine,
    readLink: linkReader(keys, config),
    files,
    net,
    feeds,
    sources,
    payloads,
    playlists: upstreamPlaylists(net, now, revalidateMs),
    chunks,
    slots,
    films: createFilms(sources, tracked),
    segments,
    kept: tracked,
    channels,
    ingest,
    admission: admission(config.maxRequests),
    listeners: admission(config.maxListeners),
    sent: new Map(),
    parked,
    now,
    onUsage,
    close: async () => {
      await Promise.all([chunks.close(), segments.close(), feeds.close(), channels.close()]);
      await Promise.all([warm.close(), sources.close(), payloads.close()]);
      await net.close();
      await tracked.idle();
      await store.close();
    },
  };
}

const randomId = (): string => randomBytes(4).toString('hex');
