/**
 * Streams that were begun before their head was sent. A plain generator that nobody has started yet ignores `return()`;
 * these always pass it on, so whatever stands behind them is stopped.
 */

/** `pieces` that are there already, then what `rest` still gives. */
export function following(pieces: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  const ready = pieces.filter((piece) => piece.length > 0);
  return streamOf({
    next: () => {
      const value = ready.shift();
      return value === undefined ? rest.next() : Promise.resolve({ done: false, value });
    },
    return: () => leave(rest),
  });
}

/** What hears of a body on its way. */
export interface Watcher {
  onBytes(count: number): void;
  /** Once: after the last byte (`whole`), on a fault, or when the reader leaves before the end. */
  onEnd(end: 'whole' | 'left' | { readonly error: unknown }): void;
}

/** `body`, watched. */
export function watched(body: AsyncIterable<Uint8Array>, watcher: Watcher): AsyncIterable<Uint8Array> {
  const inner = body[Symbol.asyncIterator]();
  let over = false;
  const end: Watcher['onEnd'] = (how) => {
    if (over) return;
    over = true;
    watcher.onEnd(how);
  };
  return streamOf({
    next: async () => {
      try {
        const result = await inner.next();
        if (result.done === true) end('whole');
        else watcher.onBytes(result.value.length);
        return result;
      } catch (error) {
        end({ error });
        throw error;
      }
    },
    return: async () => {
      end('left');
      return leave(inner);
    },
  });
}

const streamOf = (iterator: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => iterator,
});

async function leave(iterator: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  await iterator.return?.();
  return { done: true, value: undefined };
}
