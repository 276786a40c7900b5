import type { Ends } from '../encode/play-chunks.ts';
import { BatonError, hasCode } from '../errors.ts';
import type { Request } from './reply.ts';

/** What ends a body: what ends the request; of a part that is collected, its time being up. Disposing stops the clock. */
export function collecting({ signal, closing, limits }: Request, isPart: boolean): Ends & Disposable {
  const together = limits.collectMs !== null;
  if (limits.collectMs === null || !isPart) return { signal, closing, together, [Symbol.dispose]: () => undefined };
  const window = new AbortController();
  const timer = setTimeout(() => {
    window.abort(new BatonError('RESPONSE_LIMIT', `${limits.collectMs} ms`));
  }, limits.collectMs);
  return {
    signal,
    together,
    closing: AbortSignal.any([closing, window.signal]),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}

/** The bytes of `body`: all of them, or of a part those that came before it was made to close. Throws what it throws. */
export async function collect(body: AsyncIterable<Uint8Array>, isPart: boolean): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const bytes of body) pieces.push(bytes);
  } catch (error) {
    if (!isPart || pieces.length === 0 || !hasCode(error, 'RESPONSE_LIMIT')) throw error;
  }
  return Buffer.concat(pieces);
}
