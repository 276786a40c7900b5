import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { demoBreaks } from '../../src/local/demo-breaks.ts';
import type { Demo } from '../../src/local/demo-api.ts';
import { answer } from '../../src/local/http.ts';
import { startServer, type RunningServer } from '../../src/local/server.ts';
import type { App, Reply } from '../../src/relay/reply.ts';
import { publicLink } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton, testEngine, testKeys, type TestBaton } from '../support/baton.ts';
import { get, sendRaw } from '../support/client.ts';
import { ffmpegProcesses, openDescriptors, settled } from '../support/leaks.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const OPTIONS = 'codec.mp3~bitrate.64k';

const jsonOf = ({ bytes }: { bytes: Buffer }): unknown => JSON.parse(bytes.toString());

describe('a running server', () => {
  let baton: TestBaton;
  beforeAll(async () => {
    baton = await startBaton({ allowOrigins: [] });
  });
  afterAll(() => baton.stop());

  test('says that it is well', async () => {
    const health = await get(`${baton.origin}/healthz`);
    expect(health.status).toBe(200);
    expect(health.headers['cache-control']).toBe('no-store');
    expect(jsonOf(health)).toEqual({ status: 'ok', responses: 0, engine: (await testEngine()).id });
    expect(await get(`${baton.origin}/healthz`, { method: 'HEAD' })).toMatchObject({ status: 200, complete: true });
    expect(baton.usage).toEqual([]);
  });

  test.each([
    '/',
    '/favicon.ico',
    '/film/x/y/z/a',
    '/api/demo',
    '/player/none.js',
    '/player/../../package.json',
    '//',
    '/%2e%2e/',
  ])('has nothing at %s', async (path) => {
    const missing = await get(baton.origin, { path });
    expect(missing.status).toBe(404);
    expect(jsonOf(missing)).toMatchObject({ code: 'NOT_FOUND' });
  });

  test.each([
    ['no HTTP', 'hello\r\n\r\n', / 400 /],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', / 400 /],
    ['a head without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, / 431 /],
    ['the address of another server', 'GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n', / 404 /],
    ['a very long link', `GET /file/${'a'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, / 403 /],
    ['a link with bytes that are no text', 'GET /file/\xff\xfe/a/b/c HTTP/1.1\r\nHost: x\r\n\r\n', / 40[03] /],
  ])('answers %s with a mistake of theirs and goes on', async (_name, text, status) => {
    expect((await sendRaw(baton.origin, text)).split('\r\n')[0]).toMatch(status);
    expect((await get(`${baton.origin}/healthz`)).status).toBe(200);
  });

  test('cannot be started twice on one port, and says what to do', async () => {
    const { port } = new URL(baton.origin);
    const second = startBaton({ allowOrigins: [], config: { port: Number(port) } });
    await expect(second).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      detail: expect.stringMatching(/port \d+ is in use/) as string,
    });
  });
});

describe('an answer', () => {
  /** What a listener gets from this app, and whether its body was stopped. */
  async function serve(app: App, use: (origin: string) => Promise<void>): Promise<void> {
    const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
      void answer(app, incoming, response, new AbortController().signal);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      await once(server.close(), 'close');
    }
  }

  /** A body of `count` pieces of 64 kB, which says how far it came and whether it was left. */
  function bodyOf(count: number): { body: AsyncIterable<Uint8Array>; state: { given: number; left: boolean } } {
    const state = { given: 0, left: false };
    const iterator: AsyncIterator<Uint8Array> = {
      next: () => {
        if (state.given === count) return Promise.resolve({ done: true, value: undefined });
        state.given++;
        return Promise.resolve({ done: false, value: new Uint8Array(65_536) });
      },
      return: () => {
        state.left = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    return { state, body: { [Symbol.asyncIterator]: () => iterator } };
  }

  test('that cannot be sent is no whole answer, and its body is stopped', async () => {
    const { body, state } = bodyOf(3);
    const app: App = () => Promise.resolve<Reply>({ status: 200, headers: { 'x-title': 'a\r\nb' }, body });
    await serve(app, async (origin) => {
      await expect(get(origin)).rejects.toThrow();
      expect(state).toEqual({ given: 0, left: true });
    });
  });

  test('whose body fails is cut', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1000);
      await sleep(20);
      throw new Error('as planned');
    }
    const app: App = () => Promise.resolve<Reply>({ status: 200, headers: {}, body: failing() });
    await serve(app, async (origin) => {
      expect(await get(origin)).toMatchObject({ status: 200, complete: false });
    });
  });

  test('that never comes because the app fails ends the connection', async () => {
    await serve(
      () => Promise.reject(new Error('as planned')),
      async (origin) => {
        await expect(get(origin)).rejects.toThrow();
      },
    );
  });

  test('goes as fast as the listener takes it, and stops when they leave', async () => {
    const { body, state } = bodyOf(10_000);
    const app: App = () => Promise.resolve<Reply>({ status: 200, headers: {}, body });
    await serve(app, async (origin) => {
      const { port } = new URL(origin);
      const socket = connect(Number(port), '127.0.0.1');
      socket.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await sleep(400);
      const given = state.given;
      await sleep(200);
      expect(state.given).toBe(given);
      expect(given).toBeLessThan(500); // what the kernel takes on both sides
      socket.destroy();
      expect(await settled(() => state.left, Boolean)).toBe(true);
    });
  });
});

describe('a server that stops', () => {
  interface Playing {
    readonly baton: TestBaton;
    readonly origin: Origin;
    readonly url: string;
  }

  /** A response of which the head has come and the rest is slow. */
  async function playing(shutdownMs: number, bytesPerSecond: number): Promise<Playing> {
    const { bytes } = await source('cbr.mp3', { seconds: 16 });
    const origin = await startOrigin(bytes);
    const baton = await startBaton({ allowOrigins: [origin.origin], config: { shutdownMs } });
    const url = baton.file(origin.url(), OPTIONS);
    await get(url, { method: 'HEAD' });
    origin.behaviour = { bytesPerSecond };
    return { baton, origin, url };
  }

  const busy = (baton: TestBaton): Promise<unknown> =>
    settled(
      async () => jsonOf(await get(`${baton.origin}/healthz`)) as { responses: number },
      ({ responses }) => responses > 0,
    );

  test('lets a response end, lets nobody in, and is quick about it', async () => {
    const { baton, origin, url } = await playing(10_000, 80_000);
    const answer = get(url);
    expect(await busy(baton)).toMatchObject({ status: 'ok', responses: 1 });
    const began = performance.now();
    const stopped = baton.stop();
    await expect(get(url)).rejects.toThrow(/ECONNREFUSED/);
    const whole = await answer;
    expect(whole).toMatchObject({ status: 200, complete: true });
    expect(String(whole.bytes.length)).toBe(whole.headers['content-length']);
    await stopped;
    expect(performance.now() - began).toBeLessThan(5000);
    expect(baton.usage.at(-1)).toMatchObject({ outcome: 'whole' });
    await origin.close();
  });

  test('cuts at the deadline what does not end, and leaves nothing behind', async () => {
    const { baton, origin, url } = await playing(300, 2000);
    const answer = get(url);
    await busy(baton);
    const began = performance.now();
    await baton.stop();
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(250);
    expect(took).toBeLessThan(2000);
    expect(await answer).toMatchObject({ status: 200, complete: false });
    expect(baton.usage.at(-1)).toMatchObject({ status: 200, outcome: 'cut', error: 'STOPPING' });
    expect(await ffmpegProcesses()).toEqual([]);
    expect(
      await settled(
        () => origin.connections,
        (count) => count === 0,
      ),
    ).toBe(0);
    await origin.close();
  });

  test('cuts at the deadline a listener who does not read and a request that does not end', async () => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    await using origin = await startOrigin(Buffer.concat(Array<Uint8Array>(100).fill(bytes)));
    const baton = await startBaton({ allowOrigins: [origin.origin], config: { shutdownMs: 300 } });
    const { port, pathname } = new URL(baton.file(origin.url(), 'codec.copy'));
    const [reader, sender] = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')];
    for (const socket of [reader, sender]) socket.pause().on('error', () => undefined);
    reader.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
    sender.write('GET /healthz HTTP/1.1\r\nHos');
    await busy(baton);
    await sleep(300); // until the kernel takes no more
    const began = performance.now();
    await baton.stop();
    expect(performance.now() - began).toBeLessThan(2000);
    expect(baton.usage).toMatchObject([{ status: 200, outcome: 'cut', error: 'STOPPING' }]);
    for (const socket of [reader, sender]) socket.destroy();
  });

  test('tells whoever asks on an open connection', async () => {
    const { baton, origin, url } = await playing(5000, 80_000);
    const { port, pathname, host } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    const ask = (path: string, more = ''): void => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);
    };
    ask(pathname);
    await busy(baton);
    const stopped = baton.stop();
    ask('/healthz');
    ask(pathname, 'Connection: close\r\n');
    await once(socket, 'close');
    const heads = text.split('HTTP/1.1 ').slice(1);
    expect(heads.map((head) => head.slice(0, 3))).toEqual(['200', '503', '503']);
    expect(heads[1]).toContain('"status":"stopping"');
    expect(heads[2]).toContain('"code":"STOPPING"');
    expect(heads[2]).toMatch(/\r\nretry-after: \d+\r\n/i);
    await stopped;
    await origin.close();
  });

  test('has recorded every response when it has stopped', async () => {
    const { baton, origin, url } = await playing(5000, 80_000);
    await get(url, { leaveAfter: 1000 });
    await baton.stop();
    expect(baton.usage).toMatchObject([{ method: 'HEAD' }, { outcome: 'left', error: null }]);
    await origin.close();
  });

  test('does not wait for connections that are open and idle, nor for itself', async () => {
    const baton = await startBaton({ allowOrigins: [], config: { shutdownMs: 20_000 } });
    const socket = connect(Number(new URL(baton.origin).port), '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    const began = performance.now();
    await Promise.all([baton.stop(), baton.stop()]);
    await baton.stop();
    expect(performance.now() - began).toBeLessThan(2000);
    socket.destroy();
  });

  test('again and again loses no descriptor', async () => {
    const { bytes } = await source('cbr.mp3', { seconds: 8 });
    const round = async (): Promise<number> => {
      await using origin = await startOrigin(bytes);
      const baton = await startBaton({ allowOrigins: [origin.origin] });
      await get(baton.file(origin.url(), OPTIONS), { range: '-9000' });
      await get(baton.file(origin.url(), OPTIONS), { leaveAfter: 1000 });
      await baton.stop();
      await origin.close();
      return await openDescriptors();
    };
    await round();
    const before = await round();
    await round();
    expect(await settled(openDescriptors.bind(null, process.pid), (count) => count <= before)).toBeLessThanOrEqual(
      before,
    );
    expect(await ffmpegProcesses()).toEqual([]);
  });
});

describe('the demo', () => {
  const keys = testKeys();
  let origin: Origin;
  let server: RunningServer;
  let demo: Demo;

  beforeAll(async () => {
    const { bytes } = await source('chapters.mp3', { seconds: 6 });
    origin = await startOrigin(bytes);
    demo = {
      film: null,
      sourceUrl: origin.url(),
      feedUrl: origin.url('/feed.xml'),
      radioUrl: origin.url('/radio'),
      breaks: demoBreaks({ failSource: () => undefined, restart: () => undefined }),
      episode: {
        ...{ file: '/nowhere', bytes: bytes.length, title: 'A <Title>', artist: 'An Artist', album: 'An Album' },
        ...{ durationMs: 6000, chapters: [], cover: { mime: 'image/png', bytes: Uint8Array.of(1, 2, 3) } },
      },
    };
    server = await startServer({
      config: { ...readConfig({}), port: 0, allowOrigins: [origin.origin] },
      ...{ keys, demo, engine: await testEngine(), store: memoryStore({ maxBytes: 2 ** 24 }) },
      ...{ log: () => undefined, now: Date.now },
    });
  });
  afterAll(async () => {
    await server.stop();
    await origin.close();
  });

  const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.origin}/api/link`, {
      ...{ method: 'POST', body },
      headers: { 'content-type': 'application/json', ...headers },
    });

  test('has a page that loads nothing from elsewhere and cannot be framed', async () => {
    const page = await get(`${server.origin}/?x=1`);
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = page.headers['content-security-policy'];
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:/);
    const html = page.bytes.toString();
    expect(html).not.toMatch(/(?:src|href)="https?:\/\/(?![^"]*github)/);
    for (const [, path = ''] of html.matchAll(/<script[^>]*src="([^"]+)"/g))
      expect(await get(new URL(path, server.origin).href)).toMatchObject({ status: 200, complete: true });
    const head = await get(`${server.origin}/`, { method: 'HEAD' });
    expect(head.headers['content-length']).toBe(String(page.bytes.length));
    expect(head.bytes).toHaveLength(0);
  });

  test('describes its episode, and each of its links plays', async () => {
    const described = await get(`${server.origin}/api/demo`);
    expect(described.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    const { episode, renditions } = jsonOf(described) as {
      episode: Record<string, unknown>;
      renditions: { url: string; embedUrl: string; label: string }[];
    };
    expect(episode).toMatchObject({ title: 'A <Title>', sourceUrl: demo.sourceUrl, artwork: '/demo/cover' });
    expect(renditions.length).toBeGreaterThan(3);
    for (const { url, embedUrl } of renditions) {
      expect(await get(server.origin + url)).toMatchObject({ status: 200, complete: true });
      expect(await get(server.origin + embedUrl)).toMatchObject({ status: 200, complete: true });
    }
  });

  test('shows the cover as the picture it is', async () => {
    const cover = await get(`${server.origin}/demo/cover`);
    expect(cover).toMatchObject({ status: 200, bytes: Buffer.of(1, 2, 3) });
    expect(cover.headers).toMatchObject({ 'content-type': 'image/png', 'x-content-type-options': 'nosniff' });
  });

  test('signs the link that is asked for', async () => {
    const response = await post(JSON.stringify({ url: demo.sourceUrl, codec: 'mp3', bitrate: '96k' }));
    expect(response.status).toBe(200);
    const { url, embedUrl, options } = (await response.json()) as Record<string, string>;
    expect(options).toBe('codec.mp3~bitrate.96k');
    expect(await get(url ?? '', { method: 'HEAD' })).toMatchObject({ status: 200 });
    expect(await get(embedUrl ?? '', { method: 'HEAD' })).toMatchObject({ status: 200 });
  });

  const wish = JSON.stringify({ url: 'http://example.com/a.mp3', codec: 'mp3', bitrate: '96k' });
  test.each<[name: string, body: string, headers: Record<string, string>, status: number, code: string]>([
    ['what a form sends', wish, { 'content-type': 'application/x-www-form-urlencoded' }, 400, 'OPTIONS_INVALID'],
    ['plain text', wish, { 'content-type': 'text/plain' }, 400, 'OPTIONS_INVALID'],
    ['broken JSON', '{"url": ', {}, 400, 'OPTIONS_INVALID'],
    ['nothing', '', {}, 400, 'OPTIONS_INVALID'],
    ['a list', '[]', {}, 400, 'OPTIONS_INVALID'],
    ['null', 'null', {}, 400, 'OPTIONS_INVALID'],
    ['a number for a text', '{"url": 5}', {}, 400, 'OPTIONS_INVALID'],
    [
      'an unknown option',
      JSON.stringify({ url: 'http://example.com/a', codec: 'mp3', bitrate: '96k', x: 'y' }),
      {},
      400,
      'OPTIONS_INVALID',
    ],
    ['no address', JSON.stringify({ url: 'example', codec: 'mp3', bitrate: '96k' }), {}, 400, 'SOURCE_URL_INVALID'],
    [
      'a file',
      JSON.stringify({ url: 'file:///etc/passwd', codec: 'mp3', bitrate: '96k' }),
      {},
      400,
      'SOURCE_URL_INVALID',
    ],
    [
      'a little too much',
      JSON.stringify({ url: `http://example.com/${'a'.repeat(17_000)}` }),
      {},
      400,
      'OPTIONS_INVALID',
    ],
    ['far too much', ' '.repeat(3_000_000), {}, 400, 'OPTIONS_INVALID'],
  ])('signs nothing for %s', async (_name, body, headers, status, code) => {
    const response = await post(body, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test.each(['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', ''])(
    'answers nobody who calls it %j',
    async (host) => {
      for (const [method, path] of [
        ['POST', '/api/link'],
        ['GET', '/api/demo'],
        ['GET', '/'],
      ] as const) {
        const answer = await sendRaw(
          server.origin,
          `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${wish.length}\r\nConnection: close\r\n\r\n${wish}`,
        );
        expect(answer.split('\r\n')[0]).toContain(' 404 ');
        expect(answer).not.toContain('/file/');
      }
    },
  );

  test('lets no other page read or send what it could misuse', async () => {
    const foreign = { origin: 'https://evil.example' };
    const preflight = await get(`${server.origin}/api/link`, {
      method: 'OPTIONS',
      headers: {
        ...foreign,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(preflight.headers['access-control-allow-headers']).toBeUndefined();
    const description = await get(`${server.origin}/api/demo`, { headers: foreign });
    expect(description.headers['access-control-allow-origin']).toBeUndefined();
    expect((await get(`${server.origin}/api/link`)).status).toBe(405);
    expect((await get(`${server.origin}/`, { method: 'DELETE' })).status).toBe(405);
  });

  test('does not make links of other keys valid', async () => {
    const content = { kind: 'file', options: OPTIONS, source: demo.sourceUrl, name: 'a.mp3' } as const;
    expect((await get(server.origin + publicLink(content, testKeys()))).status).toBe(403);
    expect((await get(server.origin + publicLink(content, keys), { method: 'HEAD' })).status).toBe(200);
  });
});
