import type { Headers, Reply } from './reply.ts';

/** Players are embedded anywhere, and links are what protects a file: so any page may read a response and its timings. */
export const crossOrigin: Headers = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, Retry-After, Server-Timing',
  'cross-origin-resource-policy': 'cross-origin',
  'timing-allow-origin': '*',
  'x-content-type-options': 'nosniff',
};

/** The answer to a CORS preflight (Fetch standard, CORS protocol). */
export const preflight = (): Reply => ({
  status: 204,
  headers: {
    ...crossOrigin,
    'access-control-allow-methods': 'GET, HEAD, OPTIONS',
    'access-control-allow-headers': 'Range, If-Range, If-None-Match, If-Modified-Since',
    'access-control-max-age': '86400',
  },
  body: null,
});
