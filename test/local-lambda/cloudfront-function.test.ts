import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { edgeFunction } from '../../src/local-lambda/cloudfront/edge-function.ts';
import { matchesPattern } from '../../src/local-lambda/cloudfront/spec.ts';
import { startEdge } from './edge.ts';

const run = async (code: string, keyValues = {}): Promise<unknown> => {
  const call = edgeFunction(code, { keyValues, originIds: ['a', 'b'], log: () => undefined });
  return (await call({ request: { uri: '/' } })).result;
};

describe('the runtime of CloudFront Functions', () => {
  it('has the language and nothing of Node, no timers, no network, no eval', async () => {
    const names = ['process', 'setTimeout', 'fetch', 'URL', 'global', 'module', 'WebAssembly', 'queueMicrotask'];
    const code = `function handler() { return { seen: ${JSON.stringify(names)}.filter((name) => name in globalThis) }; }`;
    expect(await run(code)).toEqual({ seen: [] });
    await expect(run('function handler() { return eval("1"); }')).rejects.toThrow(/Code generation/);
    await expect(run('const fs = require("fs"); function handler() {}')).rejects.toThrow(/no module fs/);
  });

  it('has crypto, Buffer and the key value store', async () => {
    const code = `
      import cf from 'cloudfront';
      import crypto from 'crypto';
      async function handler(event) {
        const kvs = cf.kvs();
        const missing = await kvs.get('none').catch(() => 'missing');
        const mark = crypto.createHmac('sha256', Buffer.from('key')).update('text').digest('base64url');
        return { value: await kvs.get('k'), json: (await kvs.get('j', { format: 'json' })).a, has: await kvs.exists('k'),
          missing, mark, hash: crypto.createHash('md5').update('a').digest('hex') };
      }`;
    expect(await run(code, { k: 'v', j: '{"a":1}' })).toEqual({
      ...{ value: 'v', json: 1, has: true, missing: 'missing' },
      ...{
        mark: createHmac('sha256', 'key').update('text').digest('base64url'),
        hash: '0cc175b9c0f1b6a831c399e269772661',
      },
    });
  });

  it('starts every run afresh and ends one without end', async () => {
    const counting = edgeFunction('var n = 0; function handler() { n++; return { n }; }', {
      ...{ keyValues: {}, originIds: [], log: () => undefined },
    });
    expect([(await counting({})).result, (await counting({})).result]).toEqual([{ n: 1 }, { n: 1 }]);
    await expect(run('function handler() { for (;;); }')).rejects.toThrow(/timed out/);
  });
});

describe('a viewer-request function in CloudFront mode', () => {
  const start = (code: string) =>
    startEdge(
      (incoming, response) => {
        response.setHeader('cache-control', 'max-age=60');
        response.end(JSON.stringify({ url: incoming.url, headers: incoming.headers }));
        return Promise.resolve();
      },
      { behaviours: [{ pathPattern: '*', origin: 'a', viewerRequest: code, forwardHeaders: ['x-own'] }] },
    );

  it('rewrites the path before the cache is looked up, and chooses the origin', async () => {
    await using edge = await start(`
      import cf from 'cloudfront';
      function handler(event) {
        const request = event.request;
        request.uri = request.uri.replace(/^\\/[^/]+/, '');
        if (request.headers.range) cf.selectRequestOriginById('b');
        return request;
      }`);
    await edge.get('/token1/x');
    expect((await edge.get('/token2/x')).headers['x-cache']).toBe('Hit from cloudfront');
    await edge.get('/token3/y', { range: '0-1' });
    expect(edge.asked).toEqual(['a GET /x', 'b GET /y bytes=0-1']);
  });

  it('sees the event of viewer requests, and its headers reach the origin as policies allow, with a signature', async () => {
    await using edge = await start(`
      function handler(event) {
        const request = event.request;
        request.headers['x-own'] = { value: [event.viewer.ip, request.method, request.querystring.a.multiValue.length,
          request.cookies.k.value, event.context.eventType].join(' ') };
        request.headers['x-other'] = { value: 'lost' };
        return request;
      }`);
    const { bytes } = await edge.get('/x?a=1&a=2', { headers: { cookie: 'k=v' } });
    const { url, headers } = JSON.parse(bytes.toString()) as { url: string; headers: Record<string, string> };
    expect(url).toBe('/x?a=1&a=2');
    expect(headers).toMatchObject({
      'x-own': '127.0.0.1 GET 2 v viewer-request',
      'user-agent': 'Amazon CloudFront',
      authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=/) as string,
    });
    expect(headers).not.toHaveProperty('x-other');
    expect(headers).not.toHaveProperty('cookie');
  });

  it('may answer by itself', async () => {
    await using edge = await start(
      `function handler() { return { statusCode: 410, headers: { 'x-a': { value: 'b' } }, body: { encoding: 'text', data: 'gone' } }; }`,
    );
    const { status, headers, bytes } = await edge.get('/x');
    expect({ status, a: headers['x-a'], text: bytes.toString() }).toEqual({ status: 410, a: 'b', text: 'gone' });
    expect(headers['x-cache']).toBe('FunctionGeneratedResponse from cloudfront');
    expect(edge.asked).toEqual([]);
  });

  it.each([
    ['throws', 'function handler() { throw new Error("odd"); }'],
    ['returns nothing', 'function handler() {}'],
    [
      'chooses an origin that is not there',
      "import cf from 'cloudfront'; function handler(e) { cf.selectRequestOriginById('c'); return e.request; }",
    ],
  ])('that %s makes a 503 and says why', async (_, code) => {
    await using edge = await start(code);
    const { status, headers } = await edge.get('/x');
    expect({ status, how: headers['x-cache'] }).toEqual({ status: 503, how: 'FunctionExecutionError from cloudfront' });
    expect(edge.said.some((text) => text.startsWith('FunctionExecutionError: '))).toBe(true);
  });
});

it.each([
  ['*', '/a/b', true],
  ['/file/*', '/file/a/b', true],
  ['file/*', '/file/a', true],
  ['/file/*', '/files/a', false],
  ['/a?c.mp3', '/abc.mp3', true],
  ['/a?c.mp3', '/abcXmp3', false],
])('pattern %s on %s: %s', (pattern, path, expected) => {
  expect(matchesPattern(pattern, path)).toBe(expected);
});
