import type { GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { BatonError } from '../errors.ts';
import { isBucket, isWithin, type S3Address } from '../s3-address.ts';
import type { Bytes } from '../units.ts';
import type { Answer, Ask } from './follow.ts';
import { rangeHeader } from './range.ts';
import { s3Answer, s3Refusal } from './s3-answer.ts';

/** The way to sources in buckets. */
export interface S3Source {
  /** As `follow`, for an `s3:` URL. */
  ask(url: URL, ask: Ask, signal: AbortSignal): Promise<Answer>;
  /** Destroys all connections; bodies under way fail. */
  close(): Promise<void>;
}

/** Which buckets may be read, and by what means. */
export interface S3SourceOptions {
  /** Buckets, or parts of them; everything else is refused. */
  readonly allowed: readonly S3Address[];
  /** Called for the first source; nothing of the SDK is loaded before. It must not try again by itself. */
  readonly client: () => Promise<S3Client>;
}

/** An object in a bucket. */
export interface S3Object {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Opens `s3://bucket/key` sources through the SDK, with the rights of its credentials. The URL names bucket and key and
 * nothing else; endpoint and region are those of the client. `If-Range` is asked as `If-Match`, so that an object which
 * has changed answers 412 and gives no bytes. Whatever S3 answers comes back with its status.
 * @throws SOURCE_URL_INVALID, SOURCE_REFUSED (another bucket), SOURCE_UNREACHABLE, SOURCE_FAILED, SOURCE_CUT
 */
export function s3Source({ allowed, client }: S3SourceOptions): S3Source {
  let connecting: Promise<S3Client> | null = null;

  async function ask(url: URL, asked: Ask, signal: AbortSignal): Promise<Answer> {
    const object = s3Object(url);
    if (!allowed.some((address) => isWithin(address, object))) {
      throw new BatonError('SOURCE_REFUSED', `bucket ${object.bucket} is not allowed`);
    }
    const [sdk, { GetObjectCommand, HeadObjectCommand }] = await Promise.all([connect(), import('@aws-sdk/client-s3')]);
    const input = { Bucket: object.bucket, Key: object.key, ...conditions(asked) };
    const sending = { abortSignal: signal };
    try {
      return asked.method === 'HEAD'
        ? s3Answer(url, await sdk.send(new HeadObjectCommand(input), sending))
        : s3Answer(url, await sdk.send(new GetObjectCommand(input), sending));
    } catch (thrown) {
      signal.throwIfAborted();
      return s3Refusal(url, thrown);
    }
  }

  async function connect(): Promise<S3Client> {
    connecting ??= client();
    connecting.catch(() => (connecting = null)); // the next source tries again
    return connecting;
  }

  return { ask, close: async () => (await connecting?.catch(() => null))?.destroy() };
}

/**
 * The object that an `s3:` URL names. The key is what stands after the host, percent-decoded once.
 * @throws SOURCE_URL_INVALID for a bad bucket, a key that other software would read in another way (`.` or `..` as a
 * segment, control characters), or anything but bucket and key; SOURCE_REFUSED for credentials
 */
export function s3Object(url: URL): S3Object {
  if (url.username !== '' || url.password !== '') throw new BatonError('SOURCE_REFUSED', 'credentials in the URL');
  if (url.port !== '' || url.search !== '' || url.hash !== '' || !isBucket(url.hostname))
    throw invalid(`not a bucket and a key: ${url.href}`);
  const key = decoded(url.pathname.slice(1));
  const isBad = key === '' || Buffer.byteLength(key) > MAX_KEY_BYTES || UNSAFE.test(key);
  if (isBad) throw invalid(`not a key of S3: ${url.href}`);
  return { bucket: url.hostname, key };
}

const MAX_KEY_BYTES: Bytes = 1024;
const UNSAFE = /[\u0000-\u001f\u007f]|(?:^|\/)\.{1,2}(?:\/|$)/;

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalid(`"%" must be written as %25: ${path}`);
  }
}

function conditions(ask: Ask): Partial<GetObjectCommandInput> {
  const { headers = {}, start, end } = ask;
  const input: Partial<GetObjectCommandInput> = {};
  if (start !== undefined || end !== undefined) input.Range = rangeHeader(start ?? 0, end);
  const ifRange = headers['if-range'];
  if (ifRange?.includes('"') === true) input.IfMatch = ifRange;
  else if (ifRange !== undefined) input.IfUnmodifiedSince = new Date(ifRange);
  if (headers['if-none-match'] !== undefined) input.IfNoneMatch = headers['if-none-match'];
  if (headers['if-modified-since'] !== undefined) input.IfModifiedSince = new Date(headers['if-modified-since']);
  return input;
}

const invalid = (detail: string): BatonError => new BatonError('SOURCE_URL_INVALID', detail);
