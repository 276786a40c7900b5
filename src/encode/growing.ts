import type { Bytes } from '../units.ts';

/** A run of bytes that fills from the front while several readers follow it. */
export interface Growing {
  filled(): Bytes;
  append(bytes: Uint8Array): void;
  /** Nothing more will come; not needed for one whose size was known and is reached. */
  end(): void;
  /** Readers throw `reason` once they have read what is there. */
  fail(reason: unknown): void;
  /** Yields bytes [start, end), or up to where it ends, as they arrive, without copying them. */
  follow(start: Bytes, end: Bytes, signal: AbortSignal): AsyncGenerator<Uint8Array>;
  /** The whole, once it is there. */
  complete(): Uint8Array | null;
}

/** What one of unknown size has room for at first. */
const ROOM: Bytes = 2 ** 16;

/** An empty one of `size` bytes (null: not known), or a complete one when `content` is given. */
export function growing(size: Bytes | null, content?: Uint8Array): Growing {
  let buffer = content ?? Buffer.allocUnsafe(size ?? ROOM);
  let filled = content?.length ?? 0;
  let ended = content !== undefined;
  let failure: { readonly reason: unknown } | null = null;
  const waiting = new Set<() => void>();

  const wake = (): void => {
    for (const resume of waiting) resume();
    waiting.clear();
  };
  const moved = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const resume = (): void => {
        signal.removeEventListener('abort', resume);
        waiting.delete(resume);
        resolve();
      };
      waiting.add(resume);
      signal.addEventListener('abort', resume, { once: true });
    });
  /** What readers hold of the old buffer stays as it is. */
  const makeRoom = (bytes: Bytes): void => {
    if (bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(bytes, 2 * buffer.length));
    larger.set(buffer.subarray(0, filled));
    buffer = larger;
  };

  return {
    filled: () => filled,
    append: (bytes) => {
      if (size === null) makeRoom(filled + bytes.length);
      buffer.set(bytes, filled);
      filled += bytes.length;
      ended ||= filled === size;
      wake();
    },
    end: () => {
      if (!ended) buffer = Buffer.from(buffer.subarray(0, filled)); // it is kept from now on, its spare room is not
      ended = true;
      wake();
    },
    fail: (reason) => {
      failure ??= { reason };
      wake();
    },
    async *follow(start, end, signal) {
      let position = start;
      while (position < end) {
        signal.throwIfAborted();
        const available = Math.min(filled, end);
        if (available > position) {
          const bytes = buffer.subarray(position, available);
          position = available;
          yield bytes;
        } else if (ended) return;
        else if (failure !== null) throw failure.reason;
        else await moved(signal);
      }
    },
    complete: () => (ended ? buffer : null),
  };
}
