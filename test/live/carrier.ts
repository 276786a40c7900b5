import { randomBytes } from 'node:crypto';
import { warmPool } from '../../src/ffmpeg/warm.ts';
import { layLiveTimeline } from '../../src/grid/live.ts';
import { parseRendition, type CodedRendition } from '../../src/grid/rendition.ts';
import { createChannels, type Channels } from '../../src/live/channels.ts';
import { decodeHead, encodeHead } from '../../src/live/head.ts';
import type { LiveStream } from '../../src/live/live-stream.ts';
import { createNet } from '../../src/net/open.ts';
import type { Store } from '../../src/store/store.ts';
import { testEngine } from '../support/baton.ts';

/** One process among those that carry a channel. */
export interface Carrier extends AsyncDisposable {
  readonly channels: Channels;
  readonly stream: LiveStream;
  readonly letGo: () => Promise<void>;
}

export interface CarrierOptions {
  readonly fallback?: string;
  /** Others that the station leads to. */
  readonly origins?: readonly string[];
  readonly options?: string;
  /** Carries the pictures beside sound in AAC, of so many lines. */
  readonly lines?: number;
  readonly now?: () => number;
  readonly silenceMs?: number;
  readonly lingerMs?: number;
}

/** Begins to carry the station at `url`, with nothing in common with others but `store`. */
export async function carrier(url: string, store: Store, asked: CarrierOptions = {}): Promise<Carrier> {
  const { options = 'codec.mp3~bitrate.128k', fallback, origins = [] } = asked;
  const engine = await testEngine();
  const allowOrigins = [...[url, fallback ?? url].map((address) => new URL(address).origin), ...origins];
  const net = createNet({ allowOrigins });
  const warm = warmPool(engine.path, { size: 0, idleMs: 0 });
  const randomId = (): string => randomBytes(4).toString('hex');
  const channels = createChannels({
    ...{
      net,
      store,
      now: asked.now ?? Date.now,
      clock: () => performance.now(),
      newVersion: randomId,
      holder: randomId(),
    },
    ...{ encoder: { engine, warm }, engineId: engine.id, dvrMs: 1_800_000 },
    ...{ silenceMs: asked.silenceMs ?? 30_000, lingerMs: asked.lingerMs ?? 0 },
  });
  const urls: readonly [string, string?] = fallback === undefined ? [url] : [url, fallback];
  const aac = layLiveTimeline(parseRendition('codec.aac~bitrate.64k') as CodedRendition);
  const stream =
    asked.lines === undefined
      ? channels.stream(urls, parseRendition(options) as CodedRendition)
      : channels.pictures(urls, asked.lines, aac);
  const { letGo } = stream.hold();
  return {
    ...{ channels, stream, letGo },
    [Symbol.asyncDispose]: async () => {
      await letGo();
      await channels.close();
      await warm.close();
      await net.close();
    },
  };
}

/** `store` as a process sees it that knows of no other producer: what it stores of chunks goes to `chunks`, and its leases nowhere. */
export function apart(store: Store, chunks: Map<string, Uint8Array>): Store {
  const own = new Map<string, Uint8Array>();
  return {
    ...store,
    get: async (key, signal) => {
      if (!key.startsWith('live/')) {
        const bytes = chunks.get(key);
        return bytes === undefined ? null : { bytes, tag: '1' };
      }
      const bytes = own.get(key) ?? (await store.get(key, signal))?.bytes;
      const head = bytes && decodeHead(bytes);
      if (head == null) return null;
      const renditions = own.has(key) ? head.renditions : {};
      return { bytes: encodeHead({ ...head, renditions }), tag: 'own' };
    },
    putIfAbsent: (key, bytes) => {
      chunks.set(key, bytes);
      return Promise.resolve(true);
    },
    replaceIfMatch: (key, bytes) => {
      own.set(key, bytes);
      return Promise.resolve(true);
    },
  };
}

/** Waits until the chunks of `stream` up to `index` are complete. */
export async function made(stream: LiveStream, count: number): Promise<void> {
  const soon = AbortSignal.timeout(60_000);
  const counted = (): number => stream.runs().reduce((sum, [first, end]) => sum + end - first, 0);
  while (counted() < count) {
    await stream.changed(soon);
  }
}
