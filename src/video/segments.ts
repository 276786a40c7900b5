import { growing, type Growing } from '../encode/growing.ts';
import type { Slots } from '../encode/slots.ts';
import type { EncodeMeter } from '../encode/output.ts';
import { BatonError } from '../errors.ts';
import type { Store } from '../store/store.ts';

/** Makes the bytes of a segment, from their start. */
export type MakeSegment = (meter: EncodeMeter, signal: AbortSignal) => AsyncGenerator<Uint8Array, void>;

/** Segments of pictures: in the store, being made, or neither. */
export interface Segments {
  /**
   * The bytes of the segment called `key`, as they come; `make` is called where nobody makes it yet, in a slot of its own.
   * A segment that nobody reads any more is stopped. Throws BUSY, and what `make` does.
   */
  read(key: string, make: MakeSegment, meter: EncodeMeter, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
  /** Stops what is being made; resolves when nothing runs and what is done is in the store. */
  close(): Promise<void>;
}

interface Running {
  readonly bytes: Growing;
  readonly stop: AbortController;
  readers: number;
}

/** So many may wait for an encoder; more are told to come back. */
const MOST_WAITING = 32;

/** Segments through `store`; finished ones are written in passing, and nobody waits for that. */
export function createSegments(store: Store, slots: Slots): Segments {
  const running = new Map<string, Running>();
  const unfinished = new Set<Promise<void>>();

  function start(key: string, make: MakeSegment, meter: EncodeMeter): Running {
    const segment: Running = { bytes: growing(null), stop: new AbortController(), readers: 0 };
    running.set(key, segment);
    const task = fill(key, segment, make, meter).finally(() => {
      leave(key, segment);
      unfinished.delete(task);
    });
    unfinished.add(task);
    return segment;
  }

  /** Another one may have begun under its name. */
  function leave(key: string, segment: Running): void {
    if (running.get(key) === segment) running.delete(key);
  }

  async function fill(key: string, { bytes, stop }: Running, make: MakeSegment, meter: EncodeMeter): Promise<void> {
    const { signal } = stop;
    try {
      const release = await slots.urgent(signal, MOST_WAITING);
      try {
        for await (const piece of make(meter, signal)) bytes.append(piece);
      } finally {
        release();
      }
      bytes.end();
      meter.chunksEncoded += 1;
      const whole = bytes.complete();
      if (whole !== null) await store.putIfAbsent(key, whole).catch(() => false); // until then it is found here
    } catch (error) {
      bytes.fail(error);
    }
  }

  return {
    read: async function* read(key, make, meter, signal) {
      const known = running.get(key);
      const askedAt = performance.now();
      const stored = known === undefined ? await store.get(key, signal) : null;
      meter.storeMs ||= performance.now() - askedAt;
      if (stored !== null) {
        meter.chunksStored += 1;
        yield stored.bytes;
        return;
      }
      const segment = known ?? running.get(key) ?? start(key, make, meter);
      segment.readers += 1;
      try {
        yield* segment.bytes.follow(0, Infinity, signal);
      } finally {
        segment.readers -= 1;
        if (segment.readers === 0 && segment.bytes.complete() === null) {
          leave(key, segment); // who asks from now on begins anew
          segment.stop.abort(new BatonError('CLIENT_GONE', 'nobody watches'));
        }
      }
    },
    close: async () => {
      for (const { stop } of running.values()) stop.abort(new BatonError('STOPPING'));
      while (unfinished.size > 0) await Promise.all(unfinished);
    },
  };
}
