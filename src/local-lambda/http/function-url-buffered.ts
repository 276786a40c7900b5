import { toPrelude, type Prelude } from './prelude.ts';

/** A response that was complete before its head was sent. */
export interface BufferedReply {
  readonly prelude: Prelude;
  readonly body: Buffer;
}

/**
 * What a BUFFERED function URL makes of the value that a function returned: an object with a statusCode is a response,
 * any other JSON value is the body of a 200. Throws an Error that says what is malformed.
 */
export function bufferedReply(payload: Uint8Array): BufferedReply {
  const text = Buffer.from(payload);
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('statusCode' in value))
    return { prelude: toPrelude({ headers: JSON_TYPE }), body: text };
  const prelude = toPrelude(value);
  const { body = '', isBase64Encoded = false } = value as { body?: unknown; isBase64Encoded?: unknown };
  if (body !== null && typeof body !== 'string') throw new Error('body must be a text');
  return {
    prelude: { ...prelude, headers: { ...JSON_TYPE, ...prelude.headers } },
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8')) as unknown;
  } catch {
    throw new Error('the response is not JSON (a streamifyResponse handler needs a RESPONSE_STREAM URL)');
  }
}
