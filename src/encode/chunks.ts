import { BatonError } from '../errors.ts';
import { chunkBytes, chunkFrames } from '../grid/chunk.ts';
import type { Store } from '../store/store.ts';
import { encodeBatch, type EncodeDeps } from './batch.ts';
import { countPacked } from './packed-frames.ts';
import type { EncodeMeter, Output } from './output.ts';
import { growing, type Growing } from './growing.ts';

/** A chunk that somebody reads. Whoever holds one releases it; a batch that nobody holds is stopped. */
export interface HeldChunk {
  readonly index: number;
  readonly chunk: Growing;
  release(): void;
}

/** The chunks of all outputs: being encoded, in the store, or neither. */
export interface Chunks {
  /** The chunk if it is being encoded or stored; null if it must be encoded. */
  find(output: Output, index: number, signal: AbortSignal): Promise<HeldChunk | null>;
  /** Encodes the chunks that nobody encodes yet, in one process; `onEnd` is called when that is over. */
  encode(output: Output, indexes: readonly number[], meter: EncodeMeter, onEnd: () => void): readonly HeldChunk[];
  /** Stops what is being encoded; resolves when nothing runs and what is done is in the store. */
  close(): Promise<void>;
}

interface Batch {
  readonly stop: AbortController;
  holders: number;
}

interface Running {
  readonly chunk: Growing;
  readonly batch: Batch;
}

/** Chunks through `store`; finished ones are written in passing, and nobody waits for that. */
export function createChunks(store: Store, deps: EncodeDeps): Chunks {
  const running = new Map<string, Running>();
  const batches = new Set<Batch>();
  const unfinished = new Set<Promise<void>>();

  const track = (task: Promise<unknown>): void => {
    const end = (): void => void unfinished.delete(settled);
    const settled = task.then(end, end); // a chunk that is not stored is made again
    unfinished.add(settled);
  };

  const work = async (
    output: Output,
    chunks: ReadonlyMap<number, Growing>,
    batch: Batch,
    meter: EncodeMeter,
  ): Promise<void> => {
    try {
      for await (const piece of encodeBatch(output, [...chunks.keys()], deps, meter, batch.stop.signal)) {
        const { index, bytes, isLast } = piece;
        const chunk = chunks.get(index);
        chunk?.append(bytes);
        if (isLast) chunk?.end();
        const whole = chunk?.complete();
        if (whole == null) continue;
        meter.chunksEncoded += 1;
        const key = chunkKey(output, index);
        track(store.putIfAbsent(key, whole).finally(() => running.delete(key))); // until then it is found here
      }
    } catch (error) {
      for (const chunk of chunks.values()) if (chunk.complete() === null) chunk.fail(error);
    } finally {
      batches.delete(batch);
      for (const [index, chunk] of chunks) if (chunk.complete() === null) running.delete(chunkKey(output, index));
    }
  };

  return {
    find: async (output, index, signal) => {
      const key = chunkKey(output, index);
      const known = running.get(key);
      if (known !== undefined) return hold(index, known);
      const stored = await store.get(key, signal);
      if (stored !== null && isWhole(stored.bytes, output, index))
        return { index, chunk: growing(stored.bytes.length, stored.bytes), release: () => undefined };
      const started = running.get(key);
      return started === undefined ? null : hold(index, started);
    },
    encode: (output, indexes, meter, onEnd) => {
      const batch: Batch = { stop: new AbortController(), holders: 0 };
      const chunks = new Map<number, Growing>();
      const held = indexes.map((index) => {
        const known = running.get(chunkKey(output, index));
        if (known !== undefined) return hold(index, known);
        const chunk = growing(chunkBytes(output.timeline, index));
        running.set(chunkKey(output, index), { chunk, batch });
        chunks.set(index, chunk);
        return hold(index, { chunk, batch });
      });
      if (chunks.size === 0) {
        onEnd();
      } else {
        batches.add(batch);
        track(work(output, chunks, batch, meter).finally(onEnd));
      }
      return held;
    },
    close: async () => {
      for (const { stop } of batches) stop.abort(new BatonError('STOPPING'));
      while (unfinished.size > 0) await Promise.all(unfinished);
    },
  };
}

/** What was stored in part, or by something else, is made again. */
function isWhole(bytes: Uint8Array, { timeline }: Output, index: number): boolean {
  const size = chunkBytes(timeline, index);
  return size === null ? countPacked(bytes) === chunkFrames(timeline, index) : bytes.length === size;
}

const chunkKey = (output: Output, index: number): string => `${output.key}/${index}`;

function hold(index: number, { chunk, batch }: Running): HeldChunk {
  let held = true;
  batch.holders += 1;
  return {
    index,
    chunk,
    release: () => {
      if (!held) return;
      held = false;
      batch.holders -= 1;
      if (batch.holders === 0) batch.stop.abort(new BatonError('CLIENT_GONE', 'nobody listens'));
    },
  };
}
