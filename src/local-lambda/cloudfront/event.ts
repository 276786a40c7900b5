import type { Reply } from './reply.ts';

/** A viewer's request on its way to the cache; names of headers are in lower case. */
export interface EdgeRequest {
  readonly method: string;
  /** Path as it was sent. */
  readonly uri: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Value {
  readonly value: string;
  readonly multiValue?: readonly { readonly value: string }[];
}

type Values = Readonly<Record<string, Value>>;

/** The event that a CloudFront Function gets for a viewer request. */
export function viewerEvent({ method, uri, query, headers }: EdgeRequest, ip: string, requestId: string): object {
  const { cookie = '', ...others } = headers;
  const cookies = cookie
    .split(/; */)
    .filter((text) => text !== '')
    .map((text): [string, string] => {
      const at = text.indexOf('=');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    });
  return {
    version: '1.0',
    context: {
      distributionDomainName: headers['host'] ?? 'localhost',
      distributionId: 'LOCAL',
      eventType: 'viewer-request',
      requestId,
    },
    viewer: { ip },
    request: {
      method,
      uri,
      querystring: values(pairsOf(query)),
      headers: values(Object.entries(others)),
      cookies: values(cookies),
    },
  };
}

/** What a CloudFront Function returned: the request to go on with, or the response for the viewer. Throws when it is neither. */
export function functionResult(value: unknown, request: EdgeRequest): EdgeRequest | Reply {
  if (!isObject(value)) throw new Error('the function returned no object');
  if ('statusCode' in value) return toReply(value);
  const { uri, method, querystring = {}, headers = {}, cookies = {} } = value;
  if (typeof uri !== 'string' || !uri.startsWith('/')) throw new Error('request.uri must be a path that starts with /');
  if (method !== request.method) throw new Error('request.method cannot be changed');
  const sent = pairs(cookies, 'cookies').map(([name, text]) => `${name}=${text}`);
  return {
    method: request.method,
    uri,
    query: typeof querystring === 'string' ? querystring : queryText(pairs(querystring, 'querystring')),
    headers: {
      ...Object.fromEntries(pairs(headers, 'headers').map(([name, text]) => [name.toLowerCase(), text])),
      ...(sent.length > 0 && { cookie: sent.join('; ') }),
    },
  };
}

/** Raw, as CloudFront hands them on. */
const pairsOf = (query: string): [string, string][] =>
  query
    .split('&')
    .filter((text) => text !== '')
    .map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    });

const queryText = (entries: readonly (readonly [string, string])[]): string =>
  entries.map(([name, text]) => (text === '' ? name : `${name}=${text}`)).join('&');

function values(entries: readonly (readonly [string, string])[]): Values {
  const made: Record<string, Value> = {};
  for (const [name, value] of entries) {
    const before = made[name];
    const multiValue = before && [...(before.multiValue ?? [{ value: before.value }]), { value }];
    made[name] = multiValue ? { value, multiValue } : { value };
  }
  return made;
}

function pairs(value: unknown, what: string): [string, string][] {
  if (!isObject(value)) throw new Error(`request.${what} must be an object`);
  return Object.entries(value).flatMap(([name, entry]) => {
    if (!isObject(entry) || typeof entry['value'] !== 'string') throw new Error(`${what}.${name} must have a value`);
    const several = entry['multiValue'];
    if (!Array.isArray(several)) return [[name, entry['value']]];
    return several.map((one: unknown): [string, string] => [name, String(isObject(one) ? one['value'] : one)]);
  });
}

function toReply(value: Record<string, unknown>): Reply {
  const { statusCode, headers = {}, cookies = {}, body = '' } = value;
  if (typeof statusCode !== 'number' || !Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599)
    throw new Error('statusCode must be a whole number from 200 to 599');
  const { data, encoding } = isObject(body) ? body : { data: body, encoding: 'text' };
  if (typeof data !== 'string') throw new Error('the body must be a text');
  const set = pairs(cookies, 'cookies').map(([name, text]) => `${name}=${text}`);
  return {
    status: statusCode,
    headers: {
      ...Object.fromEntries(pairs(headers, 'headers').map(([name, text]) => [name.toLowerCase(), text])),
      ...(set.length > 0 && { 'set-cookie': set }),
    },
    body: Buffer.from(data, encoding === 'base64' ? 'base64' : 'utf8'),
    xCache: 'FunctionGeneratedResponse from cloudfront',
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
