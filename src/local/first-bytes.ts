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

/**
 * Gives connections to `take` that begin in a way that it `wants`, and all others to `server`, as if they had just come:
 * node:http takes no request that has a body without a length.
 */
export function divert(server: Server, wants: (first: Buffer) => boolean, take: (socket: Socket) => void): Diversion {
  const listeners = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  const waiting = new Set<Socket>();
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    waiting.add(socket);
    const leave = (): void => void waiting.delete(socket);
    const expire = (): void => void socket.destroy();
    const ignore = (): void => undefined; // 'close' follows
    socket.once('close', leave).once('timeout', expire).on('error', ignore).setTimeout(FIRST_MS);
    socket.once('data', (first) => {
      leave();
      socket.off('close', leave).off('timeout', expire).off('error', ignore).setTimeout(0);
      socket.unshift(first);
      if (wants(first)) take(socket);
      else for (const listener of listeners) listener.call(server, socket);
    });
  });
  return {
    close: () => {
      for (const socket of waiting) socket.destroy();
    },
  };
}
