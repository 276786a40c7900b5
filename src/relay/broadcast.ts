import type { BatonError } from '../errors.ts';
import type { Bytes } from '../units.ts';

/**
 * The rest of a body that many listeners share, given to each of them at once when there is more of it. A listener who
 * waits holds no promise, so that thousands of them cost little.
 */
export interface Broadcast {
  /** Gives everything to `sink` from now on. Gives the way to leave, which resolves when all is let go of. */
  attach(sink: Sink): () => Promise<void>;
}

/** Where a broadcast goes. */
export interface Sink {
  /** False when no more should be given until `onDrain` tells of room. */
  write(bytes: Uint8Array): boolean;
  /** Calls `then` once when there is room again. */
  onDrain(then: () => void): void;
  /** There is nothing more, or it broke; `released` resolves when all is let go of. */
  end(error: BatonError | null, released: Promise<void>): void;
}

/** What a body may return when it has been read as far as it can be for one listener alone. */
export const isBroadcast = (value: unknown): value is Broadcast =>
  typeof value === 'object' && value !== null && 'attach' in value;

/** `broadcast`, with its bytes counted and its end told when all is let go of: `left` when the listener goes first. */
export function watchedBroadcast(
  broadcast: Broadcast,
  onBytes: (count: Bytes) => void,
  onEnd: (end: 'whole' | 'left' | { readonly error: unknown }) => void,
): Broadcast {
  return {
    attach: (sink) => {
      const leave = broadcast.attach({
        ...sink,
        write: (bytes) => {
          onBytes(bytes.length);
          return sink.write(bytes);
        },
        end: (error, released) => {
          void released.then(() => onEnd(error === null ? 'whole' : { error }));
          sink.end(error, released);
        },
      });
      return async () => {
        await leave();
        onEnd('left');
      };
    },
  };
}
