import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

/** Stands before a server, whatever it speaks, and cuts what passes through on request. */
export interface Cuttable extends AsyncDisposable {
  readonly origin: string;
  /** Connections that came in so far. */
  readonly connections: number;
  /** Ends all connections without a word. */
  cut(): void;
  /** Cuts each of the next connections when it has brought so many bytes. */
  cutNext(...afterBytes: readonly number[]): void;
  /** Where new connections go. */
  moveTo(origin: string): void;
}

/** Before the server at `origin`. */
export async function cuttable(origin: string): Promise<Cuttable> {
  let target = new URL(origin);
  let connections = 0;
  const open = new Set<net.Socket>();
  const limits: number[] = [];
  const server = net.createServer((near) => {
    connections++;
    const far = net.connect(Number(target.port), target.hostname);
    let left = limits.shift() ?? Infinity;
    far.on('data', (bytes) => {
      left -= bytes.length;
      if (left >= 0 || near.writableEnded) return;
      far.unpipe(near);
      near.write(bytes.subarray(0, bytes.length + left));
      near.destroySoon(); // with what it was given so far
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    cut,
    cutNext: (...afterBytes) => void limits.push(...afterBytes),
    moveTo: (next) => void (target = new URL(next)),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
