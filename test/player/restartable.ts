import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server on loopback that can go away and come back. */
export interface Restartable extends AsyncDisposable {
  readonly origin: string;
  /** Cuts all connections, refuses new ones for `ms` and listens again on the same port. */
  restart(ms: number): Promise<void>;
}

/** Listens, with `answer` for every request. */
export async function restartable(answer: http.RequestListener): Promise<Restartable> {
  let server = http.createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async restart(ms) {
      await close(server);
      await sleep(ms);
      server = http.createServer(answer).listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    [Symbol.asyncDispose]: () => close(server),
  };
}

async function close(server: http.Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** What a page posted: its recording. */
export async function recording(request: http.IncomingMessage): Promise<Float32Array> {
  const bytes = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
  return new Float32Array(new Uint8Array(bytes).buffer);
}
