import { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { sourceFailure } from './failure.ts';
import { paced, type PaceLimits } from './pace.ts';
import { parseContentRange } from './range.ts';

/** A body as it comes, from whichever client: undici's is one. */
export interface Incoming extends AsyncIterable<Uint8Array> {
  destroy(why?: Error): unknown;
  once(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Reads on without giving anything, up to `limit` bytes, so that the connection can be used again. */
  dump(options: { readonly limit: Bytes }): Promise<void>;
}

/** The body of an answer, read once or closed. */
export interface SourceBody {
  readonly bytes: AsyncIterable<Uint8Array>;
  close(): void;
}

/**
 * The bytes of an answer, watched for pace and length. Leaving the iteration destroys the connection; reading to the
 * end gives it back to the pool.
 * @throws SOURCE_SLOW, SOURCE_CUT (reset, or fewer than `length` bytes), SOURCE_FAILED; the reason of `signal` once aborted
 */
export function sourceBody(
  incoming: Incoming,
  length: Bytes | null,
  limits: PaceLimits,
  signal: AbortSignal,
): SourceBody {
  let reading = false;
  let closed = false;
  const isClosed = () => closed;

  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    if (isClosed()) return;
    reading = true;
    let received: Bytes = 0;
    try {
      for await (const chunk of paced(incoming, limits, (why) => void incoming.destroy(why))) {
        received += chunk.byteLength;
        if (length !== null && received > length) throw new BatonError('SOURCE_FAILED', `more than ${length} bytes`);
        yield chunk;
      }
      if (length !== null && received < length) throw new BatonError('SOURCE_CUT', `${received} of ${length} bytes`);
    } catch (thrown) {
      if (isClosed()) return;
      signal.throwIfAborted();
      throw sourceFailure(thrown);
    }
  }

  return {
    bytes: read(),
    close() {
      if (closed) return;
      closed = true;
      if (reading) incoming.destroy();
      else drop(incoming);
    },
  };
}

/** How many bytes a body must have, from its Content-Length or else its Content-Range; null when neither says so. */
export function bodyLength(status: number, headers: Readonly<Record<string, string>>): Bytes | null {
  const length = headers['content-length'];
  if (length !== undefined && /^\d{1,15}$/.test(length)) return Number(length);
  const part = status === 206 ? parseContentRange(headers['content-range']) : null;
  return part === null ? null : part.range.end - part.range.start;
}

const DRAIN_BYTES: Bytes = 64 * 1024;
const DRAIN_MS: Milliseconds = 1_000;

/** Gives up a body that nobody has begun to read. A small rest is read, which keeps the connection for the next request. */
export function drop(incoming: Incoming): void {
  const timer = setTimeout(() => incoming.destroy(), DRAIN_MS);
  incoming.once('close', () => clearTimeout(timer));
  void incoming.dump({ limit: DRAIN_BYTES });
}
