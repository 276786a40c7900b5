import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Milliseconds } from '../units.ts';

/** Connections whose first bytes have not come yet. */
export interface Diversion {
  /** Ends them. */
  close(): void;
}

/** As node:http has it for the head of a request. */
const FIRST_MS: Milliseconds = 60_000;
/** What begins and does not go on is let go sooner. */
const UNCLEAR_MS: Milliseconds = 10_000;

/**
 * Gives connections to `take` that begin in a way that it `wants`, and all others to `server`, as if they had just come:
 * node:http takes no request that has a body without a length. `wants` gives null where more bytes have to tell.
 */
export function divert(
  server: Server,
  wants: (first: Buffer) => boolean | null,
  take: (socket: Socket) => void,
): Diversion {
  const listeners = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  const waiting = new Set<Socket>();
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    waiting.add(socket);
    let first: Buffer = Buffer.alloc(0);
    let late: NodeJS.Timeout | undefined;
    const leave = (): void => {
      waiting.delete(socket);
      clearTimeout(late);
    };
    const expire = (): void => void socket.destroy();
    const ignore = (): void => undefined; // 'close' follows
    socket.once('close', leave).once('timeout', expire).on('error', ignore).setTimeout(FIRST_MS);
    socket.on('data', function look(bytes) {
      first = Buffer.concat([first, bytes]);
      const isWanted = wants(first);
      if (isWanted === null) {
        late ??= setTimeout(expire, UNCLEAR_MS);
        return;
      }
      leave();
      socket.off('data', look).off('close', leave).off('timeout', expire).off('error', ignore).setTimeout(0);
      socket.unshift(first);
      if (isWanted) take(socket);
      else for (const listener of listeners) listener.call(server, socket);
    });
  });
  return {
    close: () => {
      for (const socket of waiting) socket.destroy();
    },
  };
}
