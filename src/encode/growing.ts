import type { Bytes } from '../units.ts';

/** A run of bytes of known size that fills from the front while several readers follow it. */
export interface Growing {
  readonly size: Bytes;
  filled(): Bytes;
  append(bytes: Uint8Array): void;
  /** Readers throw `reason` once they have read what is there. */
  fail(reason: unknown): void;
  /** Yields bytes [start, end) as they arrive, without copying them. */
  follow(start: Bytes, end: Bytes, signal: AbortSignal): AsyncGenerator<Uint8Array>;
  /** The whole, once it is there. */
  complete(): Uint8Array | null;
}

/** An empty one of `size` bytes, or a complete one when `content` is given. */
export function growing(size: Bytes, content?: Uint8Array): Growing {
  const buffer = content ?? Buffer.allocUnsafe(size);
  let filled = content?.length ?? 0;
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

  return {
    size,
    filled: () => filled,
    append: (bytes) => {
      buffer.set(bytes, filled);
      filled += bytes.length;
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
        } else if (failure !== null) throw failure.reason;
        else await moved(signal);
      }
    },
    complete: () => (filled === size ? buffer : null),
  };
}
