import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { BatonError } from '../errors.ts';
import type { ByteRange } from '../units.ts';
import { isS3Error, statusOf } from './s3-failure.ts';
import type { Stored } from './store.ts';

/** What stands at a key. */
export interface Standing {
  readonly tag: string;
  /** Who wrote it; null for an object that Baton did not write. */
  readonly writer: string | null;
}

/** What a put is conditional on: that nothing stands, or that version. */
export type Condition = { readonly IfNoneMatch: '*' } | { readonly IfMatch: string };

/** The few calls of S3 that the store needs, on one bucket. They throw what the SDK throws. */
export interface S3Objects {
  get(key: string, signal?: AbortSignal): Promise<Stored | null>;
  /** Empty behind the end. */
  getRange(key: string, range: ByteRange, signal?: AbortSignal): Promise<Uint8Array | null>;
  head(key: string, signal?: AbortSignal): Promise<Standing | null>;
  put(key: string, bytes: Uint8Array, writer: string, condition: Condition, signal?: AbortSignal): Promise<void>;
  /** With a tag, only that version. */
  remove(key: string, tag?: string, signal?: AbortSignal): Promise<void>;
  /** One page of keys, and how to ask for the next. */
  list(
    prefix: string,
    from: string | undefined,
    signal?: AbortSignal,
  ): Promise<{ keys: string[]; next: string | undefined }>;
}

/** The objects of `bucket`. */
export function s3Objects(client: S3Client, bucket: string): S3Objects {
  const read = async (key: string, range: string | undefined, signal?: AbortSignal): Promise<Stored | null> => {
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      ...(range === undefined ? {} : { Range: range }),
    });
    const found = await orAbsent(client.send(command, sending(signal)));
    if (found === null) return null;
    const bytes = (await found.Body?.transformToByteArray()) ?? new Uint8Array();
    if (bytes.byteLength !== found.ContentLength)
      throw new BatonError('STORE_FAILED', `${key}: ${bytes.byteLength} bytes`);
    return { bytes, tag: found.ETag ?? '' };
  };

  return {
    get: (key, signal) => read(key, undefined, signal),
    async getRange(key, { start, end }, signal) {
      try {
        return (await read(key, `bytes=${start}-${end - 1}`, signal))?.bytes ?? null;
      } catch (thrown) {
        if (statusOf(thrown) === 416) return new Uint8Array();
        throw thrown;
      }
    },
    async head(key, signal) {
      const found = await orAbsent(client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), sending(signal)));
      return found && { tag: found.ETag ?? '', writer: found.Metadata?.[WRITER] ?? null };
    },
    async put(key, bytes, writer, condition, signal) {
      const object = { Bucket: bucket, Key: key, Body: bytes, Metadata: { [WRITER]: writer } };
      await client.send(new PutObjectCommand({ ...object, ...condition }), sending(signal));
    },
    async remove(key, tag, signal) {
      const condition = tag === undefined ? {} : { IfMatch: tag };
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, ...condition }), sending(signal));
    },
    async list(prefix, from, signal) {
      const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: from });
      const page = await client.send(command, sending(signal));
      const keys = (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
      return { keys, next: page.IsTruncated === true ? page.NextContinuationToken : undefined };
    },
  };
}

const WRITER = 'baton-writer';

const sending = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal });

async function orAbsent<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (thrown) {
    if (statusOf(thrown) === 404 && !isS3Error(thrown, 'NoSuchBucket')) return null;
    throw thrown;
  }
}
