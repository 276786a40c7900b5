import { randomBytes } from 'node:crypto';
import { BatonError, toBatonError } from '../errors.ts';
import type { StreamFormat } from '../ingest/format.ts';
import { MOST_PAYLOAD, writePublisherMessage, type PublisherMessage, type ServerMessage } from '../ingest/message.ts';
import type { Publishing } from '../ingest/publishing.ts';
import type { Milliseconds } from '../units.ts';
import { sourceRequest } from './source-request.ts';

/** A stream that a source client of Icecast publishes. */
export interface SourceStream {
  readonly channel: string;
  /** The password that it gives. */
  readonly token: string;
  readonly format: StreamFormat;
  readonly station: string;
}

/** One on its way. */
export interface Publication {
  /** Publishes what `body` gives; resolves when the show has ended, as it does with `body`. @throws what the publisher is told */
  send(body: AsyncIterable<Uint8Array>): Promise<void>;
}

/** Nothing comes for so long: the client is gone. */
const SILENT_MS: Milliseconds = 30_000;

/**
 * Goes on air with what a source client asks for at `path`; resolves when it may send. Each is a show of its own. @throws
 * as `sourceRequest`; BUSY, and what a publisher is told
 */
export async function publishSource(
  publishing: Publishing,
  path: string,
  headers: Readonly<Record<string, string | undefined>>,
  now: Date,
): Promise<Publication> {
  const { channel, token, format, station: name } = asked(publishing, path, headers);
  const welcome = Promise.withResolvers<undefined>();
  const ended = Promise.withResolvers<undefined>();
  const failing = new AbortController();
  welcome.promise.catch(() => undefined);
  ended.promise.catch(() => undefined);
  let gate = Promise.withResolvers<undefined>();
  gate.resolve(undefined);

  function hear(message: ServerMessage): void {
    if (message.type === 'welcome') welcome.resolve(undefined);
    if (message.type === 'state' && message.onAir === 'ended') ended.resolve(undefined);
    if (message.type === 'error') fail(new BatonError(message.code));
  }
  function fail(error: BatonError): void {
    welcome.reject(error);
    ended.reject(error);
    failing.abort(error);
    gate.resolve(undefined);
  }

  const publisher = publishing.connect({
    ...{ via: 'icecast', isBinary: true },
    send: (text) => hear(JSON.parse(text) as ServerMessage),
    close: () => fail(new BatonError('CLIENT_GONE')),
    pause: () => (gate = Promise.withResolvers()),
    resume: () => gate.resolve(undefined),
  });
  if (publisher === null) throw new BatonError('BUSY', 'publishers');
  const say = (message: PublisherMessage): void => publisher.receive(writePublisherMessage(message));
  const show = `${now.toISOString().slice(0, 16).replace(/[T:]/g, '-')}-${randomBytes(3).toString('hex')}`;
  say({ type: 'hello', token, channel, show, format, from: 0, name });
  await welcome.promise;

  return {
    send: async (body) => {
      let number = 0;
      try {
        for await (const bytes of unlessSilent(body, failing.signal)) {
          for (let at = 0; at < bytes.length; at += MOST_PAYLOAD)
            say({ type: 'data', number: number++, payload: bytes.subarray(at, at + MOST_PAYLOAD) });
          await gate.promise;
        }
      } catch {
        failing.signal.throwIfAborted(); // else the connection broke: what came is the show
      } finally {
        say({ type: 'end', next: number });
      }
      await ended.promise;
    },
  };
}

function asked(publishing: Publishing, ...request: Parameters<typeof sourceRequest>): SourceStream {
  try {
    return sourceRequest(...request);
  } catch (thrown) {
    publishing.refused('icecast', toBatonError(thrown));
    throw thrown;
  }
}

/** What `body` gives, until it gives nothing for too long. @throws the reason of `signal` */
async function* unlessSilent(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const pieces = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const silence = Promise.withResolvers<null>();
      const timer = setTimeout(() => silence.resolve(null), SILENT_MS);
      const stop = (): void => silence.reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      const next = await Promise.race([pieces.next(), silence.promise]).finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      });
      if (next === null || next.done === true) return;
      yield next.value;
    }
  } finally {
    void pieces.return?.(); // of a silent one it would wait
  }
}
