import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface RawOrigin extends AsyncDisposable {
  readonly url: string;
  /** The request heads seen, in order. */
  readonly heads: string[];
  /** Connections made since the start. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** Waits until no connection is open. */
  allGone(): Promise<void>;
}

/**
 * A TCP server on loopback that answers each request head with whatever `answer` writes, however wrong; `greeting` is
 * sent before any request.
 */
export async function rawOrigin(answer: (socket: Socket, head: string) => unknown, greeting = ''): Promise<RawOrigin> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    if (greeting !== '') socket.write(greeting);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        heads.push(head);
        void answer(socket, head);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    async allGone() {
      while (sockets.size > 0) await delay(5);
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** A complete answer with a Content-Length. */
export function reply(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array = '',
): Buffer {
  const bytes = Buffer.from(body);
  const fields = { 'content-length': String(bytes.length), ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n`, 'latin1'), bytes]);
}
