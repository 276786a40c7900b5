/** A request as it reached the function URL. */
export interface UrlRequest {
  readonly method: string;
  /** As it stands in the request line. */
  readonly path: string;
  readonly query: string;
  /** 'HTTP/1.1' */
  readonly protocol: string;
  /** Lower-case names, repeated fields joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly sourceIp: string;
  readonly port: number;
  readonly body: Buffer;
}

/** What the service adds to a request. */
export interface UrlContext {
  readonly apiId: string;
  readonly requestId: string;
  readonly traceId: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly isSigned: boolean;
}

/** Content types whose body the function gets as text; any other comes in base64. */
const TEXT = /^(?:text\/|application\/(?:json|javascript|xml)\b|application\/[^;]+\+(?:json|xml)\b)/i;

/** The event of a function URL: payload format 2.0. */
export function urlEvent(request: UrlRequest, { apiId, requestId, traceId, now, isSigned }: UrlContext): object {
  const { method, path, query, protocol, headers, sourceIp, port, body } = request;
  const { cookie, ...others } = headers;
  const domainName = headers['host'] ?? `127.0.0.1:${port}`;
  const isText = body.length > 0 && TEXT.test(headers['content-type'] ?? '');
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    ...(cookie !== undefined && { cookies: cookie.split(/; */).filter((text) => text !== '') }),
    headers: {
      ...others,
      'x-amzn-trace-id': traceId,
      'x-forwarded-for':
        headers['x-forwarded-for'] === undefined ? sourceIp : `${headers['x-forwarded-for']},${sourceIp}`,
      'x-forwarded-port': String(port),
      'x-forwarded-proto': 'http',
    },
    ...(query !== '' && { queryStringParameters: parameters(query) }),
    requestContext: {
      accountId: isSigned ? ACCOUNT : 'anonymous',
      apiId,
      authentication: null,
      ...(isSigned && { authorizer: { iam: { accountId: ACCOUNT, accessKey: 'AKIALOCAL', callerId: 'local' } } }),
      domainName,
      domainPrefix: domainName.split('.')[0] ?? '',
      http: { method, path, protocol, sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: logTime(now),
      timeEpoch: now,
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

const ACCOUNT = '000000000000';

/** Decoded; the values of a repeated name are joined by commas. */
function parameters(query: string): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(joined);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `07/Nov/2026:19:03:58 +0000` */
function logTime(now: number): string {
  const date = new Date(now);
  const day = String(date.getUTCDate()).padStart(2, '0');
  const month = MONTHS[date.getUTCMonth()] ?? '';
  return `${day}/${month}/${date.getUTCFullYear()}:${date.toISOString().slice(11, 19)} +0000`;
}
