/** A place in S3: a bucket and the beginning of the keys in it, without slashes at its ends; '' is the whole bucket. */
export interface S3Address {
  readonly bucket: string;
  readonly prefix: string;
}

const MAX_PREFIX_LENGTH = 200;
const PREFIX = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(?:\/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}){0,7}$/;

/**
 * Reads `s3://bucket` or `s3://bucket/prefix`; one slash at the end is allowed. Null for anything else: other buckets
 * than `isBucket` knows, prefixes of other characters than letters, digits, `.`, `_`, `-` and `/`.
 */
export function parseS3Address(text: string): S3Address | null {
  const [, bucket = '', rest = ''] = /^s3:\/\/([^/]*)(?:\/(.*))?$/.exec(text) ?? [];
  if (!isBucket(bucket)) return null;
  if (rest === '') return { bucket, prefix: '' };
  const prefix = rest.replace(/\/$/, '');
  return prefix.length <= MAX_PREFIX_LENGTH && PREFIX.test(prefix) ? { bucket, prefix } : null;
}

/**
 * True for the name of a general purpose bucket: 3 to 63 lower-case letters, digits, `.` and `-`, as AWS has the rules.
 * Access points, ARNs, directory and table buckets are none.
 */
export function isBucket(text: string): boolean {
  return BUCKET.test(text) && !ADDRESS.test(text) && !RESERVED.test(text);
}

/** True for a key in `address`: at its prefix the slash ends a segment, so that `music` does not open `music-private`. */
export const isWithin = ({ bucket, prefix }: S3Address, object: { bucket: string; key: string }): boolean =>
  bucket === object.bucket && (prefix === '' || object.key.startsWith(`${prefix}/`));

const BUCKET = /^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const ADDRESS = /^\d+(?:\.\d+){3}$/;
const RESERVED = /^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;
