import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isKey } from './store.ts';

/**
 * Where an entry lies below the store's folder: `chunk/ab/cd/7` is the file `chunk/<bucket>/ab~cd~7`. A person finds it
 * by name, a key may be the beginning of another, and 256 buckets per family keep every directory short.
 */
export function entryPath(key: string): string {
  const [family = '', ...rest] = key.split('/');
  return join(family, bucketOf(key), rest.length === 0 ? WHOLE : rest.join(SEPARATOR));
}

/** The key of the file `family/bucket/name`; null for a file that no key leads to. */
export function entryKey(family: string, bucket: string, name: string): string | null {
  const key = name === WHOLE ? family : `${family}/${name.replaceAll(SEPARATOR, '/')}`;
  return isKey(key) && bucketOf(key) === bucket ? key : null;
}

/** A key as one file name. */
export const flatName = (key: string): string => key.replaceAll('/', SEPARATOR);

const SEPARATOR = '~'; // no key contains it
const WHOLE = '~';

const bucketOf = (key: string): string => (crc32(key) & 0xff).toString(16).padStart(2, '0');
