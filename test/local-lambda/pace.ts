import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Pace extends AsyncDisposable {
  /** Each answer to this lets a function make its next part. */
  readonly url: string;
  /** A part has arrived. */
  arrived(): void;
}

/**
 * Lets a function make a part only when the one before has arrived: whoever collects parts before sending them never gets
 * the second. Tells streaming from collecting on a machine however slow.
 */
export async function startPace(): Promise<Pace> {
  let [asked, arrivals] = [0, 0];
  const waiting = new Map<number, () => void>();
  const server = createServer((_request, response) => {
    const part = ++asked;
    if (part <= arrivals) response.end();
    else waiting.set(part, () => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    arrived: () => waiting.get(++arrivals)?.(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
