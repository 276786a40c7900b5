import { setImmediate } from 'node:timers/promises';
import { batchLimit, type EncodeMeter, type Output } from './output.ts';
import type { Chunks, HeldChunk } from './chunks.ts';
import type { Ends } from './play-chunks.ts';
import type { Slots } from './slots.ts';

/** Encodes chunks before they are asked for. */
export interface Ahead {
  /** The play has reached chunk `index`, and had to wait for it or not; what lies before is never needed again. */
  reached(index: number, waited: boolean): void;
  /** The chunk, if it was found or started ahead; the caller releases it. */
  take(index: number): HeldChunk | null;
  /** Whether it was found or started ahead. */
  holds(index: number): boolean;
  /** Releases everything. */
  stop(): Promise<void>;
}

/** A listener in real time is 10 s ahead with the least window; one who downloads and waits gets the full one. */
const LEAST_WINDOW = 4;
const FULL_WINDOW = 32;
const PROCESSES_PER_WINDOW = 4;
/** For what is sent together, whose end is waited for: a process then makes four chunks at most. */
const TOGETHER_WINDOW = 16;

/**
 * Reads ahead of one play, up to chunk `end`, from the first chunk that is reached. The window doubles while the play
 * has to wait and shrinks while it does not; each process gets a quarter of it, within the batch limit. Nothing is begun
 * any more once the play is closing.
 */
export function lookAhead(
  output: Output,
  end: number,
  deps: { chunks: Chunks; slots: Slots },
  meter: EncodeMeter,
  { signal, closing, together = false }: Ends,
): Ahead {
  const fullWindow = together ? TOGETHER_WINDOW : FULL_WINDOW;
  const stopping = new AbortController();
  const stopped = AbortSignal.any([signal, stopping.signal]);
  const held = new Map<number, HeldChunk>();
  let position = -1;
  let next = 0;
  let window = LEAST_WINDOW;
  let wake = (): void => undefined;
  let loop: Promise<void> | null = null;

  /** Up to `room` chunks from `next` on that are neither held nor stored nor being encoded; takes the others on the way. */
  const missing = async (room: number): Promise<number[]> => {
    const indexes: number[] = [];
    while (indexes.length < room && next < Math.min(end, position + 1 + window)) {
      const index = next;
      const found = await deps.chunks.find(output, index, stopped);
      if (index <= position) {
        found?.release();
      } else if (found === null) {
        indexes.push(index);
      } else {
        held.set(index, found);
        meter.chunksStored += 1;
      }
      next = Math.max(index, position) + 1;
      if (found !== null && indexes.length > 0) break;
    }
    return indexes.filter((index) => index > position);
  };

  const isOver = (): boolean => stopped.aborted || closing.aborted || next >= end;

  const run = async (): Promise<void> => {
    while (!isOver()) {
      if (next > position + window) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      const release = await deps.slots.ahead(stopped);
      if (isOver()) {
        release();
        return;
      }
      await setImmediate(); // starting a process blocks for milliseconds: what was written goes out before
      const perProcess = Math.min(batchLimit(output), Math.ceil(window / PROCESSES_PER_WINDOW));
      const indexes = await missing(perProcess).catch((error: unknown) => {
        release();
        throw error;
      });
      if (indexes.length === 0) {
        release();
        continue;
      }
      for (const chunk of deps.chunks.encode(output, indexes, meter, release)) held.set(chunk.index, chunk);
    }
  };

  stopped.addEventListener(
    'abort',
    () => {
      wake();
    },
    { once: true },
  );
  return {
    reached: (index, waited) => {
      if (index === position) return;
      position = index;
      for (const [passed, chunk] of held) if (passed <= index && held.delete(passed)) chunk.release();
      window = waited ? Math.min(fullWindow, window * 2) : Math.max(LEAST_WINDOW, window - 1);
      next = Math.max(next, index + 1);
      loop ??= run().catch(() => undefined); // the play meets the fault itself when it comes to the chunk
      wake();
    },
    take: (index) => {
      const found = held.get(index) ?? null;
      held.delete(index);
      return found;
    },
    holds: (index) => held.has(index),
    stop: async () => {
      stopping.abort();
      for (const chunk of held.values()) chunk.release();
      held.clear();
      await loop;
      for (const chunk of held.values()) chunk.release();
    },
  };
}
