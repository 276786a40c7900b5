import { BatonError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { BLOCK, decodeBatch, encodeBatch, type Batch, type EndBatch } from './batch.ts';

/** Which show is, or was last, on air on a channel, and who publishes it. */
export interface ChannelRecord {
  readonly show: string;
  /** Names the publisher's connection among all. */
  readonly publisher: string;
  readonly claimedAt: Milliseconds;
  /** How often the show was taken up again; older records do not say. */
  readonly resumes?: number;
}

/** What stood there before, and how often the show has been taken up again with this claim. */
export interface Claimed {
  readonly before: ChannelRecord | null;
  readonly resumes: number;
}

export interface ShowName {
  readonly channel: string;
  readonly show: string;
}

/** Shows in the store: what is stored there is acknowledged, and never written again. */
export interface ShowStore {
  record(channel: string, signal?: AbortSignal): Promise<ChannelRecord | null>;
  /** Makes `record` that of the channel. @throws STORE_FAILED */
  claim(channel: string, record: Omit<ChannelRecord, 'resumes'>, signal?: AbortSignal): Promise<Claimed>;
  batch(name: ShowName, index: number, signal?: AbortSignal): Promise<Batch | null>;
  /** `taken`: another one stands there. `away`: the store does not take it at present. */
  append(name: ShowName, index: number, batch: Uint8Array, signal?: AbortSignal): Promise<'stored' | 'taken' | 'away'>;
  /** The last batch; null when there is none. */
  last(name: ShowName, signal?: AbortSignal): Promise<{ readonly index: number; readonly batch: Batch } | null>;
  /** Ends a show behind its last batch, unless it has ended; null when there is nothing of it. @throws STORE_FAILED */
  finish(name: ShowName, now: Milliseconds, signal?: AbortSignal): Promise<EndBatch | null>;
}

const ATTEMPTS = 8;
const AT_ONCE = 16;

/** `onFinished` hears of each show that is ended here. */
export function showStore(store: Store, onFinished: () => void = () => undefined): ShowStore {
  const recordKey = (channel: string): string => `ingest/${channel}`;
  const keyOf = ({ channel, show }: ShowName, index: number): string => `ingest/${channel}/${show}/${index}`;

  async function stored(
    channel: string,
    signal?: AbortSignal,
  ): Promise<{ record: ChannelRecord | null; tag: string | null }> {
    const found = await store.get(recordKey(channel), signal);
    if (found === null) return { record: null, tag: null };
    try {
      return { record: JSON.parse(Buffer.from(found.bytes).toString()) as ChannelRecord, tag: found.tag };
    } catch {
      return { record: null, tag: found.tag };
    }
  }

  async function claim(
    channel: string,
    record: Omit<ChannelRecord, 'resumes'>,
    signal?: AbortSignal,
  ): Promise<Claimed> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { record: before, tag } = await stored(channel, signal);
      const resumes = before?.show === record.show ? (before.resumes ?? 0) + 1 : 0;
      const bytes = Buffer.from(JSON.stringify({ ...record, resumes }));
      if (await store.replaceIfMatch(recordKey(channel), bytes, tag, signal)) return { before, resumes };
    }
    throw new BatonError('STORE_FAILED', `channel ${channel} cannot be claimed`);
  }

  async function batch(name: ShowName, index: number, signal?: AbortSignal): Promise<Batch | null> {
    const found = await store.get(keyOf(name, index), signal);
    return found && decodeBatch(found.bytes);
  }

  async function append(
    name: ShowName,
    index: number,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<'stored' | 'taken' | 'away'> {
    if (await store.putIfAbsent(keyOf(name, index), bytes, signal)) return 'stored';
    const standing = await store.get(keyOf(name, index), signal);
    if (standing === null) return 'away';
    return Buffer.compare(standing.bytes, bytes) === 0 ? 'stored' : 'taken';
  }

  /** Batches have no holes: looked for in growing steps, then by halves. */
  async function last(name: ShowName, signal?: AbortSignal): Promise<{ index: number; batch: Batch } | null> {
    let found: { index: number; batch: Batch } | null = null;
    let missing = Infinity;
    for (let step = 1; missing === Infinity; step *= 2) {
      const index: number = (found?.index ?? -1) + step;
      const there = await batch(name, index, signal);
      if (there === null) missing = index;
      else found = { index, batch: there };
    }
    while (found !== null && missing - found.index > 1) {
      const index: number = Math.floor((found.index + missing) / 2);
      const there = await batch(name, index, signal);
      if (there === null) missing = index;
      else found = { index, batch: there };
    }
    return found;
  }

  async function finish(name: ShowName, now: Milliseconds, signal?: AbortSignal): Promise<EndBatch | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const newest = await last(name, signal);
      if (newest === null) return null;
      const { index, batch: sound } = newest;
      if (sound.kind === 'end') return sound;
      const sizes = [...(await sizesBefore(name, index, signal)), ...sound.sizes];
      const end: EndBatch = { kind: 'end', next: sound.next, format: sound.format, sizes, writtenAt: now };
      if ((await append(name, index + 1, encodeBatch(end), signal)) !== 'stored') continue;
      onFinished();
      return end;
    }
    throw new BatonError('STORE_FAILED', `${name.channel}/${name.show} cannot be ended`);
  }

  /** Of all batches before the block that `index` is in. */
  async function sizesBefore(name: ShowName, index: number, signal?: AbortSignal): Promise<Bytes[]> {
    const blocks = Math.floor(index / BLOCK);
    const sizes: Bytes[] = [];
    for (let from = 0; from < blocks; from += AT_ONCE) {
      const lasts = Array.from({ length: Math.min(AT_ONCE, blocks - from) }, (_, at) => (from + at + 1) * BLOCK - 1);
      for (const each of await Promise.all(lasts.map((at) => batch(name, at, signal)))) {
        if (each?.kind !== 'sound') throw new BatonError('STORE_FAILED', `${name.channel}/${name.show} has a hole`);
        sizes.push(...each.sizes);
      }
    }
    return sizes;
  }

  return {
    claim,
    batch,
    append,
    last,
    finish,
    record: async (channel, signal) => (await stored(channel, signal)).record,
  };
}
