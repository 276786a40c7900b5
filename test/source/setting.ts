import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { asInput } from '../../src/encode/packet-input.ts';
import { createNet } from '../../src/net/open.ts';
import type { Source } from '../../src/source/record.ts';
import type { SourceDeps } from '../../src/source/shelf.ts';
import { createSources, type Sources } from '../../src/source/sources.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { decode } from '../support/ffmpeg.ts';
import type { Fixture } from '../support/fixture-cache.ts';
import { type Behaviour, type Content, type Origin, startOrigin } from '../support/origin.ts';
import { type Pcm, slicePcm } from '../support/signal.ts';

/** Sources on a real origin, with a clock that stands until it is moved. */
export interface Setting extends AsyncDisposable {
  readonly origin: Origin;
  readonly sources: Sources;
  readonly store: Store;
  /** Another process: it shares nothing but, where given, the store. */
  another(store?: Store): Sources;
  pass(ms: number): void;
}

export async function setting(
  content: Content | Fixture,
  behaviour: Behaviour = {},
  options: Partial<Omit<SourceDeps, 'net' | 'now'>> = {},
): Promise<Setting> {
  const bytes = typeof content === 'object' && 'path' in content ? await readFile(content.path) : content;
  const origin = await startOrigin(bytes, behaviour);
  let time = 1_800_000_000_000;
  const store = options.store ?? memoryStore({ maxBytes: 200e6 });
  const open: (() => Promise<void>)[] = [];
  const another = (shared: Store = memoryStore({ maxBytes: 200e6 })): Sources => {
    const net = createNet({ allowOrigins: [origin.origin] });
    const deps = { revalidateMs: 300_000, maxSpoolBytes: 64e6, ...options, store: shared, net, now: () => time };
    const sources = createSources(deps);
    open.push(async () => {
      await sources.close();
      await net.close();
    });
    return sources;
  };
  return {
    ...{ origin, store, another, sources: another(store) },
    pass: (ms) => void (time += ms),
    [Symbol.asyncDispose]: async () => {
      for (const close of open) await close();
      await origin.close();
    },
  };
}

/** A signal that ends a test which hangs. */
export const soon = (): AbortSignal => AbortSignal.timeout(20_000);

/** What ffmpeg makes of the packets for presentation samples [from, to). */
export async function decodeRun(sources: Sources, source: Source, from: number, to: number): Promise<Pcm> {
  const run = await sources.packets(source, from, to, soon());
  const packets = run.packets[Symbol.asyncIterator]();
  const first = await packets.next();
  if (first.done === true) return { data: new Int16Array(), sampleRate: run.sampleRate, channels: 2 };
  const pcm = await decode(Buffer.concat(await collect(asInput(run, first.value, packets))));
  return slicePcm(pcm, run.skip, run.skip + to - from);
}

/** A digest of the bytes: comparing megabytes by `toEqual` takes seconds. */
export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The digest of the source's own bytes. */
export async function digestOf(sources: Sources, source: Source, start: number, end: number): Promise<string> {
  return digest(Buffer.concat(await collect(sources.bytes(source, { start, end }, soon()))));
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
