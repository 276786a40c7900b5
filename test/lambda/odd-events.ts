const DEEP = `${'['.repeat(2_000)}${']'.repeat(2_000)}`;
const http = (method: unknown): object => ({ http: { method } });

/** Events that no function URL sends, as JSON text: Invoke takes everything that parses. */
export const oddEvents: readonly string[] = [
  ...['null', '{}', '[]', '0', '-1e300', 'true', '"text"', '""', DEEP, '{"__proto__":{"rawPath":"/file/x"}}'],
  ...[
    { rawPath: null },
    { rawPath: 5 },
    { rawPath: { toString: 'no' } },
    { rawPath: ['/file/', 'x'] },
    { rawPath: '/file/\0\n\r\u2028' },
    { rawPath: `/file/${'x'.repeat(100_000)}` },
    { rawPath: '/\ud800' },
    { rawQueryString: 7 },
    { rawQueryString: null },
    { rawPath: '/file', rawQueryString: { a: 1 } },
    { headers: null },
    { headers: 'range: bytes=0-1' },
    { headers: 17 },
    { headers: ['range', 'bytes=0-1'] },
    { headers: { range: null, 'if-range': 5, 'if-none-match': ['a'], 'if-modified-since': {} } },
    { headers: { '': '', '\r\n': 'x', constructor: 'x', __proto__: 'y' } },
    { requestContext: null },
    { requestContext: 'GET' },
    { requestContext: { http: null } },
    { requestContext: http(null) },
    { requestContext: http(42) },
    { requestContext: http({}) },
    { requestContext: http('GET\r\nx-injected: 1') },
    { requestContext: http('BREW') },
    { body: 'not base64 at all \ud800 €', isBase64Encoded: true },
    { body: 5 },
    { body: { a: 1 }, isBase64Encoded: true },
    { body: null, isBase64Encoded: 'yes' },
    { version: '1.0', path: '/file/x', httpMethod: 'GET', multiValueHeaders: { a: ['b'] } },
    { Records: [{ eventSource: 'aws:s3' }] },
  ].map((event) => JSON.stringify(event)),
];

/** A good event for `url` with headers that are odd in themselves. */
export const oddHeaders: readonly Readonly<Record<string, unknown>>[] = [
  { range: 5 },
  { range: { start: 1 } },
  { range: ['bytes=0-1'] },
  { range: null, 'if-range': 3 },
  { 'if-range': {}, range: 'bytes=0-1' },
  { 'if-none-match': 5 },
  { 'if-none-match': null },
  { 'if-modified-since': [] },
  { 'if-unmodified-since': 12, 'if-match': {} },
];
