import { connect, type Socket } from 'node:net';

/**
 * Listens to a stream with many connections, from a process of its own: `node crowd.ts <url> <listeners> <seconds>`.
 * Prints `ready` when all of them hear something, `done` with what was measured after so many seconds more.
 */
const [address = '', listeners = '1', seconds = '1'] = process.argv.slice(2);
const { hostname, port, pathname } = new URL(address);
const times: number[] = [];
const sockets: Socket[] = [];
let bytes = 0;
let lost = 0;
/** Some servers never answer the last ones. */
const PATIENCE_MS = 20_000;

for (let index = 0; index < Number(listeners); index++) {
  sockets.push(join());
  if (index % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 20)); // not all in one instant
}
const until = performance.now() + PATIENCE_MS;
while (times.length + lost < Number(listeners) && performance.now() < until)
  await new Promise((resolve) => setTimeout(resolve, 50));
console.log('ready');
const before = bytes;
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
times.sort((a, b) => a - b);
console.log(
  'done',
  JSON.stringify({
    bytes: bytes - before,
    lost,
    p50: times[times.length >> 1],
    p99: times[Math.floor(times.length * 0.99)],
  }),
);
for (const socket of sockets) socket.destroy();

function join(): Socket {
  const startedAt = performance.now();
  const socket = connect({ host: hostname, port: Number(port) });
  let hasBegun = false;
  socket.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (hasBegun) return;
    const head = piece.indexOf('\r\n\r\n');
    if (head < 0 || piece.length <= head + 4) return;
    hasBegun = true;
    times.push(performance.now() - startedAt);
  });
  socket.on('error', () => lost++);
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  return socket;
}
