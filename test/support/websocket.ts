import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';

/** A client's end of a WebSocket. */
export interface Socket extends AsyncDisposable {
  readonly raw: WebSocket;
  /** Text messages as they came. */
  readonly texts: readonly string[];
  send(data: string | Uint8Array): void;
  /** The next text that was not taken before. Throws when none comes in `withinMs`. */
  next(withinMs?: number): Promise<string>;
  /** With what the other side, or this one, has closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** Opens a WebSocket. Throws an Error with the status when the handshake is refused. */
export async function openSocket(
  url: string,
  protocols: readonly string[] = [],
  options: ClientOptions = {},
): Promise<Socket> {
  const raw = new WebSocket(url, [...protocols], options);
  const texts: string[] = [];
  const waiting: (() => void)[] = [];
  let taken = 0;
  raw.on('message', (data, isBinary) => {
    if (!isBinary) texts.push((data as Buffer).toString());
    for (const each of waiting.splice(0)) each();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    raw.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  await new Promise<void>((resolve, reject) => {
    raw.once('open', resolve).once('error', reject);
  });
  raw.on('error', () => undefined); // `closed` tells
  return {
    raw,
    texts,
    closed,
    send: (data) => raw.send(data),
    async next(withinMs = 5_000) {
      const until = performance.now() + withinMs;
      while (texts.length <= taken) {
        const left = until - performance.now();
        if (left <= 0) throw new Error(`no message in ${withinMs} ms`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          waiting.push(() => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
      return texts[taken++] ?? '';
    },
    async [Symbol.asyncDispose]() {
      if (raw.readyState === WebSocket.CLOSED) return;
      raw.terminate();
      await once(raw, 'close');
    },
  };
}
