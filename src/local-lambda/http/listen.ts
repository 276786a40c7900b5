import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** An HTTP server on loopback. */
export interface Listening {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** Cuts what is under way; resolves when no socket and no answer is left. */
  stop(): Promise<void>;
}

export type Answer = (incoming: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Takes over the connection of a request that asks for another protocol; it has to end it. */
export type Upgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Listens on 127.0.0.1 at `port` (0: any free one). An answer that throws cuts its connection. Throws when the port is taken. */
export async function listenOnLoopback(port: number, answer: Answer, upgrade?: Upgrade): Promise<Listening> {
  const answers = new Set<Promise<void>>();
  const server = createServer((incoming, response) => {
    const answered = answer(incoming, response)
      .catch(() => void response.destroy())
      .finally(() => answers.delete(answered));
    answers.add(answered);
  });
  if (upgrade !== undefined) server.on('upgrade', upgrade);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${port} is in use: stop the other program, or choose other ports`, { cause: error })
          : error,
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  const actual = (server.address() as AddressInfo).port;
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    await Promise.all(answers);
  };
  let stopped: Promise<void> | null = null;
  return { port: actual, origin: `http://127.0.0.1:${actual}`, stop: () => (stopped ??= stop()) };
}
