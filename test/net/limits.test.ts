import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import type { BatonError } from '../../src/errors.ts';
import {
  createNet,
  type Net,
  type NetLimits,
  type NetOptions,
  type Opened,
  type OpenOptions,
} from '../../src/net/open.ts';
import { rawOrigin, reply, type RawOrigin } from './raw-origin.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const LIMITS: Partial<NetLimits> = { headersMs: 250, idleMs: 250, windowMs: 250, minBytesPerWindow: 1_000 };

const opened: Net[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((net) => net.close()));
});

function netFor(origin: RawOrigin, options: NetOptions = {}): Net {
  const net = createNet({ allowOrigins: [origin.url], ...options, limits: { ...LIMITS, ...options.limits } });
  opened.push(net);
  return net;
}

const open = (origin: RawOrigin, options: Partial<OpenOptions> = {}, net = netFor(origin)): Promise<Opened> =>
  net.open(origin.url, { signal: new AbortController().signal, ...options });

async function read({ body }: Opened): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

/** Writes `text` every 5 ms for as long as the connection lives. */
async function drip(socket: Socket, text: string): Promise<void> {
  while (!socket.destroyed) {
    socket.write(text);
    await delay(5);
  }
}

async function failure(promise: Promise<unknown>): Promise<{ code: BatonError['code']; ms: number }> {
  const started = performance.now();
  const thrown = await promise.then(() => null, (error: unknown) => error as BatonError); // prettier-ignore
  return { code: thrown?.code ?? 'INTERNAL', ms: performance.now() - started };
}

test('a source that never answers times out', async () => {
  await using origin = await rawOrigin(() => undefined);
  const { code, ms } = await failure(open(origin));
  expect(code).toBe('SOURCE_TIMEOUT');
  expect(ms).toBeGreaterThan(240);
  expect(ms).toBeLessThan(2_000);
  await origin.allGone();
});

test('a head that drips in without an end times out', async () => {
  await using origin = await rawOrigin((socket) => {
    socket.write(HEAD);
    return drip(socket, 'x-a: b\r\n');
  });
  expect((await failure(open(origin, {}, netFor(origin, { limits: { maxHeaderBytes: 1e6 } })))).code).toBe(
    'SOURCE_TIMEOUT',
  );
  await origin.allGone();
});

test('interim answers without an end time out', async () => {
  await using origin = await rawOrigin((socket) => drip(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'));
  expect((await failure(open(origin))).code).toBe('SOURCE_TIMEOUT');
  await origin.allGone();
});

test('redirects share one time for the head', async () => {
  await using origin = await rawOrigin(async (socket) => {
    await delay(100);
    socket.write(reply(302, { location: '/again' }));
  });
  expect((await failure(open(origin))).code).toBe('SOURCE_TIMEOUT');
});

test('a connection that is never made is unreachable after the connect time', async () => {
  await using origin = await rawOrigin(() => undefined);
  const https = origin.url.replace('http:', 'https:');
  const net = netFor(origin, { allowOrigins: [https], limits: { connectMs: 300, headersMs: 5_000 } });
  const { code } = await failure(net.open(https, { signal: new AbortController().signal }));
  expect(code).toBe('SOURCE_UNREACHABLE');
  await origin.allGone();
});

test('a closed port and a wrong TLS answer are unreachable', async () => {
  const origin = await rawOrigin(() => undefined);
  await origin[Symbol.asyncDispose]();
  expect((await failure(open(origin))).code).toBe('SOURCE_UNREACHABLE');
  await using plain = await rawOrigin(() => undefined, 'HTTP/1.1 400 Bad Request\r\n\r\n');
  const https = plain.url.replace('http:', 'https:');
  const net = netFor(plain, { allowOrigins: [https], limits: { headersMs: 5_000 } });
  expect((await failure(net.open(https, { signal: new AbortController().signal }))).code).toBe('SOURCE_UNREACHABLE');
});

test('oversized headers fail at once', async () => {
  await using origin = await rawOrigin((socket) => socket.write(`${HEAD}x-big: ${'a'.repeat(20_000)}\r\n\r\n`));
  expect((await failure(open(origin))).code).toBe('SOURCE_FAILED');
  await origin.allGone();
});

test('sixteen thousand small headers fail at once', async () => {
  await using origin = await rawOrigin((socket) => socket.write(`${HEAD}${'a:b\r\n'.repeat(16_384)}\r\n`));
  expect((await failure(open(origin))).code).toBe('SOURCE_FAILED');
});

test.each([
  ['an answer that is not HTTP', 'SSH-2.0-OpenSSH_9\r\n'],
  ['a negative length', `${HEAD}content-length: -5\r\n\r\nhello`],
  ['a header with a bare line feed and NUL', `${HEAD}a: b\n\0c\r\n\r\n`],
])('%s fails', async (_, bytes) => {
  await using origin = await rawOrigin((socket) => socket.write(bytes));
  expect((await failure(open(origin))).code).toBe('SOURCE_FAILED');
  await origin.allGone();
});

test('two different lengths are not believed', async () => {
  await using origin = await rawOrigin((socket) =>
    socket.write(`${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`),
  );
  await expect(open(origin)).rejects.toMatchObject({ name: 'BatonError', status: 502 });
  await origin.allGone();
});

test('silence in a body is slow, however fast it was before', async () => {
  await using origin = await rawOrigin((socket) => {
    socket.write(`${HEAD}content-length: 9000000\r\n\r\n${'a'.repeat(100_000)}`);
  });
  const { code, ms } = await failure(open(origin).then(read));
  expect(code).toBe('SOURCE_SLOW');
  expect(ms).toBeGreaterThan(240);
  await origin.allGone();
});

test('a body that drips is slow', async () => {
  await using origin = await rawOrigin((socket) => {
    socket.write(`${HEAD}content-length: 9000000\r\n\r\n`);
    return drip(socket, 'a');
  });
  const { code, ms } = await failure(open(origin, {}, netFor(origin, { limits: { idleMs: 60_000 } })).then(read));
  expect(code).toBe('SOURCE_SLOW');
  expect(ms).toBeLessThan(1_500);
  await origin.allGone();
});

test('a body may be allowed a slower pace than others', async () => {
  await using origin = await rawOrigin(async (socket) => {
    socket.write(`${HEAD}content-length: 100\r\n\r\n`);
    for (let i = 0; i < 100; i++) {
      await delay(10);
      socket.write('a');
    }
  });
  const net = netFor(origin);
  expect((await failure(open(origin, {}, net).then(read))).code).toBe('SOURCE_SLOW');
  expect(await read(await open(origin, { pace: { minBytesPerWindow: 5 } }, net))).toHaveLength(100);
});

test('chunk extensions without bytes are no progress', async () => {
  await using origin = await rawOrigin((socket) => {
    socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n1;`);
    return drip(socket, 'x'.repeat(2_000));
  });
  expect((await failure(open(origin).then(read))).code).toBe('SOURCE_SLOW');
  await origin.allGone();
});

test('a slow listener holds the source back and does not trip its limits', async () => {
  const chunk = Buffer.alloc(64 * 1024, 1);
  const total = 200 * chunk.length;
  let sent = 0;
  await using origin = await rawOrigin((socket) => {
    socket.write(`${HEAD}content-length: ${total}\r\n\r\n`);
    const more = () => {
      for (let room = true; room && sent < total; sent += chunk.length) room = socket.write(chunk);
    };
    socket.on('drain', more);
    more();
  });
  const { body } = await open(origin);
  let received = 0;
  for await (const part of body) {
    if (received === 0) {
      await delay(700);
      expect(sent).toBeLessThan(total);
    }
    received += part.byteLength;
  }
  expect(received).toBe(total);
});

test.each([
  ['closes inside the promised length', `${HEAD}content-length: 10\r\n\r\nhello`, false],
  ['closes inside the length of its last answer', `${HEAD}connection: close\r\ncontent-length: 10\r\n\r\nhello`, false],
  ['closes between chunks', `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`, false],
  ['closes inside a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\n50\r\nhello`, false],
  ['resets inside the promised length', `${HEAD}content-length: 10\r\n\r\nhello`, true],
  ['ends early with only a Content-Range', 'HTTP/1.1 206 OK\r\ncontent-range: bytes 0-9/99\r\n\r\nhello', false],
  ['resets early with only a Content-Range', 'HTTP/1.1 206 OK\r\ncontent-range: bytes 0-9/99\r\n\r\nhello', true],
])('a body that %s is cut', async (_, bytes, reset) => {
  await using origin = await rawOrigin(async (socket) => {
    socket.write(bytes);
    await delay(20);
    if (reset) socket.resetAndDestroy();
    else socket.end();
  });
  expect((await failure(open(origin).then(read))).code).toBe('SOURCE_CUT');
  await origin.allGone();
});

test('a cut body gives what came before the cut', async () => {
  await using origin = await rawOrigin((socket) => socket.end(`${HEAD}content-length: 10\r\n\r\nhello`));
  let text = '';
  const reading = (async () => {
    for await (const part of (await open(origin)).body) text += Buffer.from(part).toString();
  })();
  expect((await failure(reading)).code).toBe('SOURCE_CUT');
  expect(text).toBe('hello');
});

test('a body longer than its Content-Range fails', async () => {
  await using origin = await rawOrigin((socket) =>
    socket.end('HTTP/1.1 206 OK\r\ncontent-range: bytes 0-2/99\r\n\r\nhello'),
  );
  expect((await failure(open(origin).then(read))).code).toBe('SOURCE_FAILED');
});

test('a body without any length ends where the connection ends', async () => {
  await using origin = await rawOrigin((socket) => socket.end(`${HEAD}\r\nhello`));
  expect((await read(await open(origin))).toString()).toBe('hello');
});

test('a reset before the head is a cut, after a second try', async () => {
  await using origin = await rawOrigin((socket) => socket.resetAndDestroy());
  expect((await failure(open(origin))).code).toBe('SOURCE_CUT');
  expect(origin.heads).toHaveLength(2);
});

test('a reset that nobody is reading yet waits for the reader', async () => {
  await using origin = await rawOrigin(async (socket) => {
    socket.write(`${HEAD}content-length: 10\r\n\r\n`);
    await delay(10);
    socket.resetAndDestroy();
  });
  const answer = await open(origin);
  await delay(50);
  expect((await failure(read(answer))).code).toBe('SOURCE_CUT');
});

const BOMB = gzipSync(gzipSync(Buffer.alloc(1_000_000)));

test.each(['gzip', 'gzip, gzip', 'GZIP', 'br', 'deflate', 'zstd', 'identity, gzip', 'x-unknown'])(
  'a body with Content-Encoding %s is refused unread',
  async (coding) => {
    const head = `${HEAD}content-encoding: ${coding}\r\ncontent-length: 99999999\r\n\r\n`;
    await using origin = await rawOrigin((socket) => socket.write(Buffer.concat([Buffer.from(head), BOMB])));
    expect((await failure(open(origin))).code).toBe('SOURCE_ENCODED');
    expect(origin.heads[0]).toMatch(/accept-encoding: identity/i);
    await origin.allGone();
  },
);

test('a body with another Transfer-Encoding than chunked is refused', async () => {
  await using origin = await rawOrigin((socket) =>
    socket.write(`${HEAD}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`),
  );
  expect((await failure(open(origin))).code).toBe('SOURCE_ENCODED');
});

test('Content-Encoding identity, and any on the page of an error, are no obstacle', async () => {
  await using origin = await rawOrigin((socket, head) =>
    socket.write(head.includes('/gone') ? reply(404, { 'content-encoding': 'gzip' }, 'x') : reply(200, { 'content-encoding': 'identity' }, 'plain')),
  ); // prettier-ignore
  const net = netFor(origin);
  expect((await read(await open(origin, {}, net))).toString()).toBe('plain');
  const gone = await net.open(`${origin.url}/gone`, { signal: new AbortController().signal });
  gone.close();
  expect(gone.status).toBe(404);
});
