import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openIntake } from '../../src/intake/intake.ts';
import { createNet } from '../../src/net/open.ts';
import { junk } from '../support/mp3-forge.ts';

const WITHIN_MS = 1_000;
const OK = 'HTTP/1.0 200 OK\r\n\r\n';

/** A station that answers as its path says. */
const ANSWERS: Readonly<Record<string, (socket: Socket, origin: string) => void>> = {
  '/hangs': () => undefined,
  '/mirrors': (socket, origin) => {
    socket.end(OK + `#EXTM3U\n${Array.from({ length: 10_000 }, () => `${origin}/hangs\n`).join('')}`);
  },
  '/lists': (socket, origin) => {
    socket.end(`${OK}#EXTM3U\n${`${origin}/mirrors\n`.repeat(20)}`);
  },
  '/drips-a-list': (socket) => {
    socket.write(`${OK}[playlist]\n${'#'.repeat(80)}`);
    drip(socket, () => '#'.repeat(150));
  },
  '/drips-noise': (socket) => {
    socket.write(OK);
    drip(socket, () => junk(300, 5));
  },
};

function drip(socket: Socket, next: () => string | Uint8Array): void {
  const timer = setInterval(() => socket.write(next()), 100);
  socket.on('close', () => clearInterval(timer));
}

test.each([
  ['/hangs', 'SOURCE_TIMEOUT'],
  ['/mirrors', 'SOURCE_TIMEOUT'],
  ['/lists', 'SOURCE_TIMEOUT'],
  ['/drips-a-list', 'SOURCE_SLOW'],
  ['/drips-noise', 'SOURCE_SLOW'],
])('a source that comes to no sound is given up in time: %s', async (path, code) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('data', (head) => ANSWERS[head.toString().split(' ')[1] ?? '']?.(socket, origin));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const net = createNet({ allowOrigins: [origin] });
  const began = performance.now();
  const opening = openIntake(origin + path, net, AbortSignal.timeout(WITHIN_MS + 4_000), { withinMs: WITHIN_MS });
  await expect(opening).rejects.toMatchObject({ code });
  expect(performance.now() - began).toBeLessThan(WITHIN_MS + 2_000);
  await net.close();
  server.close();
  for (const socket of sockets) socket.destroy();
});
