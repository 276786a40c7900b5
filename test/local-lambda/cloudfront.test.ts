import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { settled } from '../support/leaks.ts';
import { startEdge } from './edge.ts';

const OBJECT = Buffer.from('0123456789abcdefghij');

/** Answers as the path and its query say: `/x?cache=max-age%3D60&chunked&ranges`. */
function origin(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const query = new URL(incoming.url ?? '/', 'http://origin').searchParams;
  const etag = query.get('etag');
  const headers = {
    'content-type': 'text/plain',
    ...(query.has('cache') && { 'cache-control': query.get('cache') ?? '' }),
    ...(etag !== null && { etag }),
  };
  const status = Number(query.get('status') ?? '200');
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(incoming.headers.range ?? '') ?? [];
  const isRange = query.has('ranges') && from !== undefined;
  const body = isRange ? OBJECT.subarray(Number(from), Number(to) + 1) : OBJECT;
  if (etag !== null && incoming.headers['if-none-match'] === etag) response.writeHead(304, headers);
  else
    response.writeHead(isRange ? 206 : status, {
      ...headers,
      ...(isRange && { 'content-range': `bytes ${from}-${to}/${OBJECT.length}` }),
      ...(!query.has('chunked') && { 'content-length': String(body.length) }),
    });
  response.end(incoming.method === 'HEAD' ? null : body);
  return Promise.resolve();
}

describe('the cache of CloudFront mode', () => {
  it('keeps what may be kept, tells its age, and asks the origin once', async () => {
    await using edge = await startEdge(origin);
    const first = await edge.get('/x?cache=max-age%3D60&chunked');
    expect(first.headers).toMatchObject({
      'x-cache': 'Miss from cloudfront',
      via: expect.stringContaining('cloudfront') as string,
    });
    expect(first.headers).not.toHaveProperty('age');
    const second = await edge.get('/x?cache=max-age%3D60&chunked');
    expect(second.headers).toMatchObject({ 'x-cache': 'Hit from cloudfront', age: '0', 'content-length': '20' });
    expect(second.bytes).toEqual(OBJECT);
    expect(edge.asked).toEqual(['a GET /x?cache=max-age%3D60&chunked']);
  });

  it.each(['no-store', 'private', 'no-cache', 'max-age=0', 's-maxage=0, max-age=9'])(
    'does not keep %s',
    async (cache) => {
      await using edge = await startEdge(origin);
      const path = `/x?cache=${encodeURIComponent(cache)}`;
      await edge.get(path);
      expect((await edge.get(path)).headers['x-cache']).toBe('Miss from cloudfront');
    },
  );

  it('keeps HEAD by itself, with the length', async () => {
    await using edge = await startEdge(origin);
    await edge.get('/x?cache=max-age%3D60');
    const head = await edge.get('/x?cache=max-age%3D60', { method: 'HEAD' });
    const again = await edge.get('/x?cache=max-age%3D60', { method: 'HEAD' });
    expect([head, again].map(({ headers }) => [headers['x-cache'], headers['content-length']])).toEqual([
      ['Miss from cloudfront', '20'],
      ['Hit from cloudfront', '20'],
    ]);
  });

  it('asks again with the validator once a response is old', async () => {
    await using edge = await startEdge(origin);
    const path = '/x?cache=max-age%3D1&etag=%22v1%22';
    await edge.get(path);
    await sleep(1050);
    const refreshed = await edge.get(path);
    expect(refreshed.headers['x-cache']).toBe('RefreshHit from cloudfront');
    expect(refreshed).toMatchObject({ status: 200, bytes: OBJECT });
    expect((await edge.get(path)).headers['x-cache']).toBe('Hit from cloudfront');
    expect((await edge.get(path, { headers: { 'if-none-match': '"v1"' } })).status).toBe(304);
    expect(edge.asked).toHaveLength(2);
  });

  it('keeps errors for the error caching TTL, and only those that CloudFront keeps', async () => {
    await using edge = await startEdge(origin, { errorSeconds: { 502: 0 } });
    for (const status of [404, 404, 503, 503, 403, 403, 429, 429, 502, 502]) await edge.get(`/x?status=${status}`);
    const count = (status: number) => edge.asked.filter((line) => line.endsWith(String(status))).length;
    expect([404, 503, 403, 429, 502].map(count)).toEqual([1, 1, 2, 2, 2]);
  });

  it('forgets the least recently used first, and everything when it is invalidated', async () => {
    await using edge = await startEdge(origin, { cacheBytes: 5000 });
    for (const name of ['1', '2', '1', '3', '1', '2']) await edge.get(`/${name}?cache=max-age%3D60`);
    expect(edge.asked.map((line) => line[7])).toEqual(['1', '2', '3', '2']);
    edge.edge.invalidate();
    expect((await edge.get('/1?cache=max-age%3D60')).headers['x-cache']).toBe('Miss from cloudfront');
  });
});

describe('ranges in CloudFront mode', () => {
  it('are cut from a whole object that is kept', async () => {
    await using edge = await startEdge(origin);
    await edge.get('/x?cache=max-age%3D60');
    const { status, headers, bytes } = await edge.get('/x?cache=max-age%3D60', { range: '-3' });
    expect({ status, text: bytes.toString() }).toEqual({ status: 206, text: 'hij' });
    expect(headers).toMatchObject({ 'content-range': 'bytes 17-19/20', 'x-cache': 'Hit from cloudfront' });
    expect((await edge.get('/x?cache=max-age%3D60', { range: '20-' })).status).toBe(416);
    expect(edge.asked).toHaveLength(1);
  });

  it('are asked of the origin, kept, and serve the ranges in them', async () => {
    await using edge = await startEdge(origin);
    const path = '/x?cache=max-age%3D60&ranges';
    const first = await edge.get(path, { range: '5-14' });
    expect(first).toMatchObject({ status: 206, bytes: OBJECT.subarray(5, 15) });
    const within = await edge.get(path, { range: '6-7' });
    expect(within.bytes.toString()).toBe('67');
    expect(within.headers).toMatchObject({ 'content-range': 'bytes 6-7/20', 'x-cache': 'Hit from cloudfront' });
    expect((await edge.get(path, { range: '14-15' })).headers['x-cache']).toBe('Miss from cloudfront');
  });

  it('become the whole object when the origin answers chunked', async () => {
    await using edge = await startEdge(origin);
    const path = '/x?cache=max-age%3D60&ranges&chunked';
    const { status, bytes, headers } = await edge.get(path, { range: '5-14' });
    expect({ status, bytes }).toEqual({ status: 200, bytes: OBJECT });
    expect(headers).not.toHaveProperty('content-range');
    expect((await edge.get(path, { range: '5-14' })).status).toBe(206); // of the object that is kept now
  });
});

describe('an origin that fails behind CloudFront mode', () => {
  const behaving = (answer: (response: ServerResponse) => void) =>
    startEdge(
      (_, response) => {
        answer(response);
        return Promise.resolve();
      },
      { originReadTimeoutMs: 200 },
    );

  it('is 502 when it breaks off before its head, 504 when it is silent', async () => {
    await using gone = await behaving((response) => response.destroy());
    expect(await gone.get('/')).toMatchObject({ status: 502, complete: true });
    await using silent = await behaving(() => undefined);
    expect((await silent.get('/')).status).toBe(504);
  });

  it.each([
    ['breaks off', (response: ServerResponse) => void response.write('some', () => response.destroy())],
    ['falls silent', (response: ServerResponse) => void response.write('some')],
  ])('cuts the viewer when it %s, and keeps nothing', async (_, answer) => {
    await using edge = await behaving(answer);
    const cut = await edge.get('/');
    expect({ complete: cut.complete, text: cut.bytes.toString() }).toEqual({ complete: false, text: 'some' });
    expect((await edge.get('/')).headers['x-cache']).toBe('Miss from cloudfront');
  });

  it('is not waited for when the viewer leaves, unless its answer is to be kept', async () => {
    let closed = 0;
    await using edge = await startEdge(async (incoming, response) => {
      const seconds = incoming.url === '/kept' ? 60 : 0;
      response.writeHead(200, { 'cache-control': `max-age=${seconds}` });
      response.on('close', () => (closed += response.writableFinished ? 0 : 1));
      for (let i = 0; i < 10 && !response.destroyed; i++) {
        response.write('part');
        await sleep(20);
      }
      response.end();
    });
    await edge.get('/left', { leaveAfter: 1 });
    expect(
      await settled(
        () => closed,
        (count) => count > 0,
      ),
    ).toBe(1);
    await edge.get('/kept', { leaveAfter: 1 });
    await sleep(350);
    const hit = await edge.get('/kept');
    expect(hit.headers['x-cache']).toBe('Hit from cloudfront');
    expect(hit.bytes.toString()).toBe('part'.repeat(10));
  });

  it('sends what comes as it comes', async () => {
    await using edge = await startEdge(async (_, response) => {
      response.write('first');
      await sleep(200);
      response.end('last');
    });
    const { firstByteMs, bytes } = await edge.get('/');
    expect(firstByteMs).toBeLessThan(150);
    expect(bytes.toString()).toBe('firstlast');
  });
});
