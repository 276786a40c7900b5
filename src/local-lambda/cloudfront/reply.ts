import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** A response that the edge has as a whole. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
  /** Value of X-Cache. */
  readonly xCache: string;
}

export const VIA = '1.1 local.cloudfront.net (CloudFront)';

const HOP_BY_HOP = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

export const isHopByHop = (name: string): boolean => HOP_BY_HOP.has(name);

/** What the edge adds to every response. */
export const edgeHeaders = (xCache: string): Record<string, string> => ({
  via: VIA,
  'x-cache': xCache,
  'x-amz-cf-pop': 'LOCAL1-P1',
  'x-amz-cf-id': randomBytes(42).toString('base64url'),
});

/** Sends a whole response; to HEAD without its body. */
export function sendReply(response: ServerResponse, { status, headers, body, xCache }: Reply, isHead: boolean): void {
  if (response.destroyed) return;
  const hasNoBody = status === 304 || status === 204;
  const told = headers['content-length'];
  const length = isHead && told !== undefined ? String(told) : String(body.length);
  response.writeHead(status, {
    ...Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length')),
    ...(hasNoBody ? {} : { 'content-length': length }),
    ...edgeHeaders(xCache),
  });
  response.end(isHead || hasNoBody ? null : body);
}

const REASONS = {
  403: 'The distribution is not configured for this path or method.',
  502: 'CloudFront could not get a response from the origin.',
  503: 'The CloudFront Function failed.',
  504: 'The origin did not answer in time.',
} as const;

/** An error of the edge itself. */
export function edgeError(status: keyof typeof REASONS, xCache = 'Error from cloudfront'): Reply {
  const text = `<!doctype html><title>ERROR: The request could not be satisfied</title><h1>${status} ERROR</h1><p>${REASONS[status]}</p>\n`;
  return { status, headers: { server: 'CloudFront', 'content-type': 'text/html' }, body: Buffer.from(text), xCache };
}
