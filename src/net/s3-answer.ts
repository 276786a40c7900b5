import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { BatonError } from '../errors.ts';
import type { Bytes } from '../units.ts';
import type { Incoming } from './body.ts';
import { sourceFailure } from './failure.ts';
import type { Answer } from './follow.ts';

/** What the SDK gave, in the words of HTTP. */
export function s3Answer(url: URL, found: Omit<GetObjectCommandOutput, 'Body'> & { Body?: unknown }): Answer {
  const body = found.Body instanceof Readable ? found.Body : Readable.from([]);
  // Errors reach whoever reads; without a listener, one that comes earlier would end the process.
  body.on('error', () => undefined);
  const { ETag, ContentLength, ContentRange, ContentType, ContentEncoding, LastModified } = found;
  const headers = headersOf({
    etag: ETag,
    'content-length': ContentLength?.toString(),
    'content-range': ContentRange,
    'content-type': ContentType,
    'content-encoding': ContentEncoding,
    'last-modified': LastModified?.toUTCString(),
  });
  return {
    url,
    status: found.$metadata.httpStatusCode ?? 200,
    headers,
    incoming: incomingOf(body, ContentLength ?? 0),
  };
}

/**
 * The answer that the SDK threw as an error, without its text. A connection that failed is thrown on.
 * @throws SOURCE_UNREACHABLE, SOURCE_CUT, SOURCE_FAILED (also for a bucket that is in another region)
 */
export function s3Refusal(url: URL, thrown: unknown): Answer {
  const { name, status, retryAfter } = refusalOf(thrown);
  if (status === 0) throw connectionFailure(url, thrown, name);
  if (status < 400 && status !== 304) throw new BatonError('SOURCE_FAILED', `${url.href}: ${status} ${name}`);
  return { url, status, headers: headersOf({ 'retry-after': retryAfter }), incoming: incomingOf(Readable.from([]), 0) };
}

function headersOf(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const headers = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) headers[name] = value;
  return headers;
}

function incomingOf(body: Readable, length: Bytes): Incoming {
  const dump = ({ limit }: { readonly limit: Bytes }): Promise<void> => {
    if (length > limit || body.readableLength < length)
      body.destroy(); // what has not come yet may never come
    else body.resume();
    return Promise.resolve();
  };
  return Object.assign(body, { dump });
}

function refusalOf(thrown: unknown): { name: string; status: number; retryAfter: string | undefined } {
  const error = (thrown ?? {}) as {
    readonly name?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  };
  const name = typeof error.name === 'string' && /^[A-Za-z0-9.]{1,64}$/.test(error.name) ? error.name : 'Error';
  return { name, status: error.$metadata?.httpStatusCode ?? 0, retryAfter: error.$response?.headers?.['retry-after'] };
}

const UNREACHABLE: readonly unknown[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

function connectionFailure(url: URL, thrown: unknown, name: string): BatonError {
  const code = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const detail = `${url.href}: ${name} ${code}`.trim();
  if (UNREACHABLE.includes(code)) return new BatonError('SOURCE_UNREACHABLE', detail);
  // The SDK calls resets by this name, too.
  const isLate = name === 'TimeoutError' && (code === '' || code === 'ETIMEDOUT');
  return new BatonError(isLate ? 'SOURCE_TIMEOUT' : sourceFailure(thrown).code, detail);
}
