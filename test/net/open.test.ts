import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createNet, type Net, type NetOptions, type Opened } from '../../src/net/open.ts';
import { rawOrigin, reply, type RawOrigin } from './raw-origin.ts';

const nets: Net[] = [];
afterEach(async () => {
  await Promise.all(nets.splice(0).map((net) => net.close()));
});

function netFor(origin: RawOrigin, options: NetOptions = {}): Net {
  const net = createNet({ allowOrigins: [origin.url], ...options });
  nets.push(net);
  return net;
}

const anySignal = () => new AbortController().signal;

async function read({ body }: Opened): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

const ENDLESS = 'HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n';

test('a source is read whole, with its status and headers', async () => {
  await using origin = await rawOrigin((socket) =>
    socket.write(reply(200, { 'Content-Type': 'audio/mpeg', ETag: '"x"', 'X-Twice': 'a', 'x-twice': 'b' }, 'hello')),
  );
  const opened = await netFor(origin).open(`${origin.url}/a?b=c#d`, { signal: anySignal() });
  expect(opened).toMatchObject({ url: `${origin.url}/a?b=c`, status: 200 });
  expect(opened.headers).toEqual({
    'content-length': '5',
    'content-type': 'audio/mpeg',
    etag: '"x"',
    'x-twice': 'a, b',
  });
  expect(await read(opened)).toBe('hello');
  expect(origin.heads[0]).toMatch(/^GET \/a\?b=c HTTP\/1\.1\r\n/);
});

test('headers cannot touch a prototype', async () => {
  await using origin = await rawOrigin((socket) => socket.write(reply(200, { ['__proto__']: 'x', constructor: 'y' })));
  const { headers } = await netFor(origin).open(origin.url, { signal: anySignal() });
  expect(Object.getPrototypeOf(headers)).toBeNull();
  expect(headers['constructor']).toBe('y');
  expect('toString' in headers).toBe(false);
});

test.each([
  [{}, null],
  [{ start: 0 }, 'bytes=0-'],
  [{ start: 5 }, 'bytes=5-'],
  [{ start: 5, end: 10 }, 'bytes=5-9'],
  [{ end: 10 }, 'bytes=0-9'],
])('the half-open range %j is asked for as %s', async (range, header) => {
  await using origin = await rawOrigin((socket) => socket.write(reply(206, {}, 'x')));
  (await netFor(origin).open(origin.url, { ...range, signal: anySignal() })).close();
  expect(/^range: (.*)$/im.exec(origin.heads[0] ?? '')?.[1]?.trim() ?? null).toBe(header);
});

test('own headers and the user agent are sent, but no coding is ever accepted', async () => {
  await using origin = await rawOrigin((socket) => socket.write(reply(200, {}, 'x')));
  const headers = { 'If-None-Match': '"x"', 'Accept-Encoding': 'gzip' };
  (await netFor(origin, { userAgent: 'Tester/1' }).open(origin.url, { headers, signal: anySignal() })).close();
  const head = (origin.heads[0] ?? '').toLowerCase();
  expect(head).toContain('if-none-match: "x"');
  expect(head).toContain('user-agent: tester/1');
  expect(head.match(/accept-encoding: .*/g)).toEqual(['accept-encoding: identity']);
});

test.each([304, 404, 416, 500])('status %i is given, not thrown', async (status) => {
  await using origin = await rawOrigin((socket) => socket.write(reply(status, {})));
  const opened = await netFor(origin).open(origin.url, { signal: anySignal() });
  opened.close();
  expect(opened.status).toBe(status);
});

test('HEAD and 304 have a length and no body', async () => {
  await using origin = await rawOrigin((socket) => socket.write('HTTP/1.1 304 X\r\ncontent-length: 1000\r\n\r\n'));
  const net = netFor(origin);
  for (const method of ['HEAD', 'GET'] as const) {
    const opened = await net.open(origin.url, { method, signal: anySignal() });
    expect(opened.headers['content-length']).toBe('1000');
    expect(await read(opened)).toBe('');
  }
  expect(origin.heads[0]).toMatch(/^HEAD /);
});

test.each(['', 'example.com/a.mp3', 'http://', 'http://[/', '//example.com'])('%j is no URL', async (url) => {
  const net = createNet();
  nets.push(net);
  await expect(net.open(url, { signal: anySignal() })).rejects.toMatchObject({ code: 'SOURCE_URL_INVALID' });
});

test('requests to one origin share a connection when the bodies are read or small', async () => {
  await using origin = await rawOrigin((socket, head) =>
    socket.write(head.startsWith('HEAD') ? 'HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 9\r\n\r\n' : reply(200, {}, 'x'.repeat(20_000))),
  ); // prettier-ignore
  const net = netFor(origin);
  for (let i = 0; i < 10; i++) {
    const opened = await net.open(origin.url, { signal: anySignal(), method: i === 5 ? 'HEAD' : 'GET' });
    if (i % 2 === 0) opened.close();
    else await read(opened);
    await delay(5);
  }
  expect(origin.heads).toHaveLength(10);
  expect(origin.connections).toBe(1);
});

test('a kept connection that the server has closed costs no failure', async () => {
  // The server closes as soon as it sees a second request on a connection.
  const served = new WeakSet<object>();
  await using origin = await rawOrigin((socket) => {
    if (served.has(socket)) return socket.destroy();
    served.add(socket);
    return socket.write(reply(200, {}, 'hello'));
  });
  const net = netFor(origin);
  for (let i = 0; i < 3; i++) expect(await read(await net.open(origin.url, { signal: anySignal() }))).toBe('hello');
  expect(origin.connections).toBeGreaterThan(1);
});

test('leaving a body early closes its connection', async () => {
  await using origin = await rawOrigin((socket) => socket.write(`${ENDLESS}${'x'.repeat(100_000)}`));
  const { body } = await netFor(origin).open(origin.url, { signal: anySignal() });
  for await (const part of body) {
    expect(part.byteLength).toBeGreaterThan(0);
    break;
  }
  await origin.allGone();
});

test('closing an unread large body closes its connection, and may be repeated', async () => {
  await using origin = await rawOrigin((socket) => socket.write(ENDLESS));
  const opened = await netFor(origin).open(origin.url, { signal: anySignal() });
  opened.close();
  opened.close();
  expect(await read(opened)).toBe('');
  await origin.allGone();
});

test('closing an unread small body that stalls closes its connection within a second or so', async () => {
  await using origin = await rawOrigin((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'));
  (await netFor(origin).open(origin.url, { signal: anySignal() })).close();
  const started = performance.now();
  await origin.allGone();
  expect(performance.now() - started).toBeLessThan(3_000);
});

test('closing ends a read that is under way', async () => {
  await using origin = await rawOrigin((socket) => socket.write(`${ENDLESS}begin`));
  const opened = await netFor(origin).open(origin.url, { signal: anySignal() });
  const reading = read(opened);
  await delay(20);
  opened.close();
  expect(await reading).toBe('begin');
  await origin.allGone();
});

test('an aborted signal opens nothing', async () => {
  await using origin = await rawOrigin(() => undefined);
  const reason = new Error('changed my mind');
  await expect(netFor(origin).open(origin.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(origin.connections).toBe(0);
});

test('an abort while connecting is heeded at once, and the connection goes within its time', async () => {
  await using origin = await rawOrigin(() => undefined);
  const https = origin.url.replace('http:', 'https:');
  const net = netFor(origin, { allowOrigins: [https], limits: { connectMs: 300 } });
  const controller = new AbortController();
  const opening = net.open(https, { signal: controller.signal });
  const reason = new Error('enough');
  const started = performance.now();
  setTimeout(() => controller.abort(reason), 20);
  await expect(opening).rejects.toBe(reason);
  expect(performance.now() - started).toBeLessThan(280);
  await origin.allGone();
});

test('an abort while waiting for the head closes the connection', async () => {
  await using origin = await rawOrigin(() => undefined);
  const controller = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason), 20);
  await expect(netFor(origin).open(origin.url, { signal: controller.signal })).rejects.toBe(reason);
  await origin.allGone();
});

test.each(['before the body is read', 'while the body is waited for', 'while a chunk is worked on'])(
  'an abort %s closes the connection and gives its reason',
  async (moment) => {
    await using origin = await rawOrigin((socket) => socket.write(`${ENDLESS}begin`));
    const controller = new AbortController();
    const reason = new Error('enough');
    const { body } = await netFor(origin).open(origin.url, { signal: controller.signal });
    if (moment.startsWith('before')) controller.abort(reason);
    const reading = (async () => {
      for await (const part of body) {
        expect(part.byteLength).toBe(5);
        if (moment.includes('worked')) controller.abort(reason);
        else setTimeout(() => controller.abort(reason), 20);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    await origin.allGone();
  },
);

test('aborts at a hundred random moments leave no connection and no listener', async () => {
  let turn = 0;
  await using origin = await rawOrigin(async (socket) => {
    await delay(turn++ % 4);
    socket.write(ENDLESS);
    while (!socket.destroyed) {
      if (!socket.writableNeedDrain) socket.write(Buffer.alloc(32_768));
      await delay(1);
    }
  });
  const net = netFor(origin);
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const controller = new AbortController();
      const reason = new Error(`abort ${i}`);
      setTimeout(() => controller.abort(reason), (i * 7) % 60);
      const outcome = await net.open(origin.url, { signal: controller.signal }).then(read).catch((error: unknown) => error); // prettier-ignore
      return outcome === reason && getEventListeners(controller.signal, 'abort').length === 0;
    }),
  );
  expect(outcomes).toEqual(Array(100).fill(true));
  // A connection whose request was aborted before it was sent may stay for reuse; it is idle, and goes with the rest.
  await net.close();
  await origin.allGone();
});

test('a long-lived signal carries no listener once its bodies are read, left or closed', async () => {
  await using origin = await rawOrigin((socket) => socket.write(reply(200, {}, 'hello')));
  const net = netFor(origin);
  const signal = anySignal();
  const listeners = () => getEventListeners(signal, 'abort').length;
  const first = await net.open(origin.url, { signal });
  expect(listeners()).toBe(1);
  await read(first);
  (await net.open(origin.url, { signal })).close();
  await net.open(origin.url, { signal, method: 'HEAD' });
  for await (const part of (await net.open(origin.url, { signal })).body) {
    expect(part.byteLength).toBe(5);
    break;
  }
  await net.open('http://127.0.0.1:1/', { signal }).catch(() => undefined);
  await expect.poll(listeners).toBe(0);
});

test('closing the net fails what is under way', async () => {
  await using origin = await rawOrigin((socket) => socket.write(ENDLESS));
  const net = netFor(origin);
  const reading = net.open(origin.url, { signal: anySignal() }).then(read);
  const failed = expect(reading).rejects.toMatchObject({ name: 'BatonError' });
  await delay(30);
  await net.close();
  await failed;
  await origin.allGone();
});
