import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { buildConnector } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { createNet, type Net, type NetOptions, type Opened } from '../../src/net/open.ts';
import { rawOrigin, reply } from './raw-origin.ts';

const ICY =
  'ICY 200 OK\r\nicy-notice1:<BR>This stream requires <a href="http://www.winamp.com/">Winamp</a><BR>\r\n' +
  'icy-name:Caf\xe9\r\nicy-br:128\r\nicy-metaint:8192\r\ncontent-type:audio/mpeg\r\n\r\n';

const nets: Net[] = [];
afterEach(async () => {
  await Promise.all(nets.splice(0).map((net) => net.close()));
});

function netFor(url: string, options: NetOptions = {}): Net {
  const net = createNet({ allowOrigins: [new URL(url).origin], ...options });
  nets.push(net);
  return net;
}

const open = (net: Net, url: string): Promise<Opened> => net.open(url, { signal: AbortSignal.timeout(5000) });

async function read({ body }: Opened): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Writes in pieces that leave one by one. */
async function inPieces(socket: Socket, text: string, size: number): Promise<void> {
  socket.setNoDelay(true);
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size));
    await delay(1);
  }
}

test.each([1, 3, 7, 1000])('a Shoutcast answer in pieces of %i bytes is read like any other', async (size) => {
  await using origin = await rawOrigin(async (socket) => {
    await inPieces(socket, `${ICY}sound`, size);
    socket.end();
  });
  const opened = await open(netFor(origin.url), `${origin.url}/;`);
  expect(opened.status).toBe(200);
  expect(opened.headers).toMatchObject({ 'icy-br': '128', 'icy-metaint': '8192', 'content-type': 'audio/mpeg' });
  expect(opened.headers['icy-name']).toBe('Caf\xe9');
  expect(await read(opened)).toBe('sound');
  await origin.allGone();
});

test.each([1, 3, 1000])('HTTP in pieces of %i bytes is not touched', async (size) => {
  await using origin = await rawOrigin(async (socket) => {
    await inPieces(socket, 'HTTP/1.0 200 OK\r\ncontent-length: 15\r\n\r\nICY 200 OK here', size);
  });
  expect(await read(await open(netFor(origin.url), origin.url))).toBe('ICY 200 OK here');
});

test.each([
  ['ICY 404 Resource Not Found', 404],
  ['ICY 401 Service Unavailable', 401],
  ['ICY 302 Moved', 302],
])('%s is given with its status', async (line, status) => {
  await using origin = await rawOrigin((socket) => socket.end(`${line}\r\ncontent-type:text/html\r\n\r\n<html>`));
  const opened = await open(netFor(origin.url), origin.url);
  opened.close();
  expect(opened.status).toBe(status);
});

test('it is found behind redirects, and may redirect itself', async () => {
  await using origin = await rawOrigin((socket, head) => {
    if (head.startsWith('GET /a ')) socket.write(reply(302, { location: '/b', connection: 'close' }));
    else if (head.startsWith('GET /b ')) socket.end('ICY 302 Moved\r\nlocation:/c\r\n\r\n');
    else socket.end(`${ICY}sound`);
  });
  const opened = await open(netFor(origin.url), `${origin.url}/a`);
  expect(opened.url).toBe(`${origin.url}/c`);
  expect(await read(opened)).toBe('sound');
});

test('the guard stands before it as before any other', async () => {
  await using origin = await rawOrigin((socket) => socket.end(`${ICY}sound`));
  const strict = createNet({ ports: [new URL(origin.url).port] });
  nets.push(strict);
  await expect(open(strict, origin.url)).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
  expect(origin.connections).toBe(0);
});

test('its limits are the same', async () => {
  const limits = { headersMs: 300, idleMs: 300, windowMs: 300, minBytesPerWindow: 1000, maxHeaderBytes: 2000 };
  await using silent = await rawOrigin((socket) => socket.write('IC'));
  await expect(open(netFor(silent.url, { limits }), silent.url)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
  await using large = await rawOrigin((socket) => socket.write(`ICY 200 OK\r\nicy-name:${'x'.repeat(4000)}\r\n\r\n`));
  await expect(open(netFor(large.url, { limits }), large.url)).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  await using stalled = await rawOrigin((socket) => socket.write(`${ICY}sound`));
  const opened = await open(netFor(stalled.url, { limits }), stalled.url);
  await expect(read(opened)).rejects.toMatchObject({ code: 'SOURCE_SLOW' });
  await Promise.all([silent.allGone(), large.allGone(), stalled.allGone()]);
});

test.each(['I', 'ICY', 'ICX 200 OK\r\n\r\n', 'ICYCLE\r\n\r\n', 'ICY nonsense\r\n\r\n'])(
  '%j is no answer',
  async (text) => {
    await using origin = await rawOrigin((socket) => socket.end(text));
    await expect(open(netFor(origin.url), origin.url)).rejects.toMatchObject({ name: 'BatonError', status: 502 });
    await origin.allGone();
  },
);

test('a listener that falls behind holds it back', async () => {
  const chunk = Buffer.alloc(65_536, 1);
  await using origin = await rawOrigin(async (socket) => {
    socket.write(ICY);
    for (let i = 0; i < 400; i++) if (!socket.write(chunk)) await once(socket, 'drain');
    socket.end();
  });
  const opened = await open(netFor(origin.url), origin.url);
  let bytes = 0;
  for await (const part of opened.body) {
    if (bytes === 0) await delay(100);
    bytes += part.byteLength;
  }
  expect(bytes).toBe(400 * chunk.length);
});

test.each([1, 1000])('it is understood over TLS, in pieces of %i bytes', async (size) => {
  // A shared key takes the place of a certificate.
  const psk = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
  const key = Buffer.from('0123456789abcdef');
  const server = createTlsServer({ ...psk, pskCallback: () => key }, (socket) => {
    socket.once('data', () => void inPieces(socket, `${ICY}sound`, size).then(() => socket.end()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const pskCallback = () => ({ psk: key, identity: 'x' });
  const connector: typeof buildConnector = (options) =>
    buildConnector({ ...options, ...psk, pskCallback, checkServerIdentity: () => undefined });
  const opened = await open(netFor(url, { connector }), url);
  expect(opened.headers['icy-br']).toBe('128');
  expect(await read(opened)).toBe('sound');
  server.close();
});
