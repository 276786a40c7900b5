import type { Socket } from 'node:net';

/** What Shoutcast 1 puts in the place of `HTTP/1.0 `. */
const ICY = Buffer.from('ICY ');
const HTTP = Buffer.from('HTTP/1.0 ');

/**
 * Lets a client of HTTP read the answer of a Shoutcast 1 server: where the first bytes of a connection are `ICY 200 OK`,
 * they become `HTTP/1.0 200 OK`. Nothing else is changed. To be called before the client listens to the socket.
 */
export function readIcyAsHttp(socket: Socket): void {
  let seen: Buffer = Buffer.alloc(0);
  const look = (): void => {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null && seen.length === 0) return; // woken for nothing
    if (bytes !== null) seen = Buffer.concat([seen, bytes]);
    const isUnclear = seen.length < ICY.length && ICY.subarray(0, seen.length).equals(seen);
    if (isUnclear && bytes !== null) return;
    socket.off('readable', look);
    const isIcy = seen.subarray(0, ICY.length).equals(ICY);
    socket.unshift(isIcy ? Buffer.concat([HTTP, seen.subarray(ICY.length)]) : seen);
  };
  socket.on('readable', look);
}
