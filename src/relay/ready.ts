/** What was there of a stream, and what is still to come; null: nothing. */
export interface Ready {
  readonly pieces: readonly Uint8Array[];
  readonly rest: AsyncIterator<Uint8Array, unknown> | null;
}

/** Takes the pieces that come without anything being waited for, which of what is stored are all. Throws what it throws. */
export async function ready(stream: AsyncIterator<Uint8Array, unknown>): Promise<Ready> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const next = stream.next();
    const result = await Promise.race([next, turnOfTheLoop()]);
    if (result === null) return { pieces, rest: startingWith(next, stream) };
    if (result.done === true) return { pieces, rest: null };
    pieces.push(result.value);
  }
}

const turnOfTheLoop = (): Promise<null> => new Promise((resolve) => setImmediate(resolve, null));

function startingWith(
  asked: Promise<IteratorResult<Uint8Array, unknown>>,
  stream: AsyncIterator<Uint8Array, unknown>,
): AsyncIterator<Uint8Array, unknown> {
  asked.catch(() => undefined); // who leaves before it comes does not hear of it
  let first: typeof asked | null = asked;
  return {
    next: () => {
      const next = first ?? stream.next();
      first = null;
      return next;
    },
    return: async () => {
      await stream.return?.();
      return { done: true, value: undefined };
    },
  };
}
