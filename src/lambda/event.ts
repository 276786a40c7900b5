import { Buffer } from 'node:buffer';
import type { Request } from '../relay/reply.ts';

/** The parts that are read of the event of a function URL, payload format 2.0. */
export interface FunctionUrlEvent {
  readonly rawPath?: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly requestContext?: { readonly http?: { readonly method?: string } };
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** What the runtime adds to the event for the time of a response. */
export type Bounds = Pick<Request, 'signal' | 'closing' | 'limits'>;

/** What of `event` is as a function URL sends it: Invoke passes on any JSON. Never throws. */
export function functionUrlEvent(event: unknown): FunctionUrlEvent {
  const { rawPath, rawQueryString, headers, requestContext, body, isBase64Encoded } = fields(event);
  const { method } = fields(fields(requestContext)['http']);
  return {
    ...(isText(rawPath) ? { rawPath } : {}),
    ...(isText(rawQueryString) ? { rawQueryString } : {}),
    headers: Object.fromEntries(Object.entries(fields(headers)).filter(isTextField)),
    requestContext: { http: isText(method) ? { method } : {} },
    ...(isText(body) ? { body } : {}),
    isBase64Encoded: isBase64Encoded === true,
  };
}

/** An event as a request. The path is left as it is: links are signed to the byte. */
export function toRequest(event: FunctionUrlEvent, bounds: Bounds): Request {
  const { rawPath = '/', rawQueryString = '', headers = {}, requestContext, body = '', isBase64Encoded } = event;
  return {
    method: requestContext?.http?.method ?? 'GET',
    path: rawQueryString === '' ? rawPath : `${rawPath}?${rawQueryString}`,
    headers: lowerCase(headers),
    body: once(Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8')),
    ...bounds,
  };
}

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

const isText = (value: unknown): value is string => typeof value === 'string';

const isTextField = (field: [string, unknown]): field is [string, string] => isText(field[1]);

/** Function URLs send lower-case names; people who invoke a function by hand need not. */
function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(named));
}

// eslint-disable-next-line @typescript-eslint/require-await -- a body is asynchronous
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
