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

/** Function URLs send lower-case names; people who invoke a function by hand need not. */
function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(named));
}

// eslint-disable-next-line @typescript-eslint/require-await -- a body is asynchronous
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
