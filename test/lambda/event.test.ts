import { expect, test } from 'vitest';
import { toRequest, type Bounds, type FunctionUrlEvent } from '../../src/lambda/event.ts';
import { unlimited } from '../../src/relay/reply.ts';

const bounds: Bounds = {
  signal: new AbortController().signal,
  closing: new AbortController().signal,
  limits: unlimited,
};
const request = (event: FunctionUrlEvent) => toRequest(event, bounds);

test('the path is what was asked for, to the byte, and a query stays on it', () => {
  const rawPath = '/file/k1.sig/codec.mp3~bitrate.64k/aHR0cHM6Ly9h/%2e%2E//name.mp3';
  expect(request({ rawPath }).path).toBe(rawPath);
  expect(request({ rawPath: '/a', rawQueryString: 'b=%20c&d' }).path).toBe('/a?b=%20c&d');
});

test('names of headers are lower-case, and none comes from a prototype', () => {
  const { headers, method } = request({
    headers: { Range: 'bytes=0-1', 'if-range': '"x"' },
    requestContext: { http: { method: 'HEAD' } },
  });
  expect(method).toBe('HEAD');
  expect({ ...headers }).toEqual({ range: 'bytes=0-1', 'if-range': '"x"' });
  expect(headers['constructor']).toBeUndefined();
});

test.each([
  ['as text', { body: 'né', isBase64Encoded: false }, 'né'],
  ['as base64', { body: 'bsOp', isBase64Encoded: true }, 'né'],
  ['not at all', {}, ''],
])('a body that comes %s is read', async (_how, event, text) => {
  const pieces: Uint8Array[] = [];
  for await (const bytes of request(event).body) pieces.push(bytes);
  expect(Buffer.concat(pieces).toString()).toBe(text);
});

test('an event that is none is a request for nothing, not a fault', () => {
  expect(request({})).toMatchObject({ method: 'GET', path: '/', headers: {} });
});
