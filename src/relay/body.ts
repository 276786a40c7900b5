import type { Bytes } from '../units.ts';
import { isBroadcast, watchedBroadcast } from './broadcast.ts';

/**
 * Streams that were begun before their head was sent. A plain generator that nobody has started yet ignores `return()`;
 * these always pass it on, so whatever stands behind them is stopped.
 */

/** `pieces` that are there already, then what `rest` still gives. */
export function following(
  pieces: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array, unknown>,
): AsyncIterable<Uint8Array> {
  const ready = pieces.filter((piece) => piece.length > 0);
  return streamOf({
    next: () => {
      const value = ready.shift();
      return value === undefined ? rest.next() : Promise.resolve({ done: false, value });
    },
    return: () => leave(rest),
  });
}

/** `rest`, of which `length` bytes are still to come, cut with the reason of `closing` once that is aborted. */
export function upToClosing(
  rest: AsyncIterator<Uint8Array>,
  length: Bytes,
  closing: AbortSignal,
): AsyncIterator<Uint8Array> {
  let left = length;
  return {
    next: () => (closing.aborted && left > 0 ? stop() : take()),
    return: () => leave(rest),
  };

  function take(): Promise<IteratorResult<Uint8Array>> {
    const next = rest.next();
    return left === Infinity ? next : next.then(count);
  }

  function count(result: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> {
    if (result.done !== true) left -= result.value.length;
    return result;
  }

  async function stop(): Promise<never> {
    await leave(rest);
    throw closing.reason;
  }
}

/** What hears of a body on its way. */
export interface Watcher {
  onBytes(count: number): void;
  /** Once: after the last byte (`whole`), on a fault, or when the reader leaves before the end. */
  onEnd(end: 'whole' | 'left' | { readonly error: unknown }): void;
}

/** `body`, watched, and so is the broadcast that it may return. */
export function watched(body: AsyncIterable<Uint8Array>, watcher: Watcher): AsyncIterable<Uint8Array> {
  const inner = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, unknown>;
  let over = false;
  let isHandedOver = false;
  const end: Watcher['onEnd'] = (how) => {
    if (over) return;
    over = true;
    watcher.onEnd(how);
  };
  return streamOf({
    next: async () => {
      try {
        const result = await inner.next();
        isHandedOver = result.done === true && isBroadcast(result.value);
        if (result.done === true && isBroadcast(result.value))
          return { done: true, value: watchedBroadcast(result.value, (count) => watcher.onBytes(count), end) };
        if (result.done === true) end('whole');
        else watcher.onBytes(result.value.length);
        return result;
      } catch (error) {
        end({ error });
        throw error;
      }
    },
    return: async () => {
      if (!isHandedOver) end('left');
      return leave(inner);
    },
  });
}

const streamOf = (iterator: AsyncIterator<Uint8Array, unknown>): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => iterator,
});

async function leave(iterator: AsyncIterator<Uint8Array, unknown>): Promise<IteratorResult<Uint8Array>> {
  await iterator.return?.();
  return { done: true, value: undefined };
}
