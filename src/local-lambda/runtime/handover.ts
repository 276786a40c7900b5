/** A body on its way from one that writes to one that reads; at most one piece is under way. */
export interface Handover {
  /** To be read once. A reader may leave; what is pushed afterwards is thrown away. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Resolves when the piece is taken, or nobody will take it. */
  push(piece: Uint8Array): Promise<void>;
  end(): void;
  /** The reader gets the pieces pushed before, then this. */
  fail(error: Error): void;
}

interface Offer {
  readonly piece: Uint8Array;
  readonly taken: () => void;
}

export function handover(): Handover {
  let offer: Offer | null = null;
  let over: { readonly error: Error | null } | null = null;
  let hasLeft = false;
  let wake = (): void => undefined;

  const take = (): Uint8Array | null => {
    const current = offer;
    offer = null;
    current?.taken();
    return current?.piece ?? null;
  };
  const close = (error: Error | null): void => {
    over ??= { error };
    wake();
  };
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    for (;;) {
      const piece = hasLeft ? null : take();
      if (piece !== null) return { done: false, value: piece };
      if (over !== null || hasLeft) break;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    const error = hasLeft ? null : (over?.error ?? null);
    hasLeft = true;
    if (error !== null) throw error;
    return { done: true, value: undefined };
  };
  // An object and not a generator: a reader may leave before the first piece, which a generator would not notice.
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    next,
    return() {
      hasLeft = true;
      take();
      wake();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return {
    body: { [Symbol.asyncIterator]: () => iterator },
    push(piece) {
      if (hasLeft || over !== null) return Promise.resolve();
      return new Promise((taken) => {
        offer = { piece, taken };
        wake();
      });
    },
    end: () => close(null),
    fail(error) {
      close(error);
      offer?.taken();
    },
  };
}
