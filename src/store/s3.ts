import type { S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import type { S3Address } from '../s3-address.ts';
import { s3Failure } from './s3-failure.ts';
import { s3Objects, type Condition } from './s3-objects.ts';
import { readObject } from './s3-read.ts';
import type { Tries } from './s3-retry.ts';
import { writeObject } from './s3-write.ts';
import { checkKey, isKey, sliceRange } from './store.ts';
import type { Store } from './store.ts';

/** Where the entries lie, and by what means they are reached. */
export interface S3StoreOptions extends S3Address {
  /** Its timeouts and retries are the store's (`s3Client`). Destroyed when the store is closed. */
  readonly client: S3Client;
  /** For what the client does not try again: a write that met another one (409), a body that broke off. */
  readonly tries?: Tries;
  /** Gives a text that no other write has. */
  readonly newWriter?: () => string;
}

/**
 * A store of one object per entry, `prefix/key`, in a bucket of S3 or of a server that enforces `If-None-Match: *` and
 * `If-Match` on PUT. The tag is the ETag, so two versions of the same bytes have the same tag.
 *
 * - Half-written objects are never seen: S3 takes a PUT whole, by its length and the CRC-32 that the SDK sends with it,
 *   or not at all. A whole object is checked on its way back against the CRC-32 that S3 kept; one that fails twice is
 *   removed and counts as absent. For parts S3 gives no checksum: length and TLS must do.
 * - Every object names the write it comes from (`x-amz-meta-baton-writer`), so that a PUT which was stored, but whose
 *   answer was lost, is known as ours when its next try is refused.
 * - The role needs s3:GetObject, s3:PutObject and s3:DeleteObject on `prefix/*`, and s3:ListBucket on the bucket, without
 *   which S3 answers 403 for what is absent.
 * - Old entries go by lifecycle rules of the bucket, which look at the age of an object and never at its last use:
 *   `prefix/chunk/` and `prefix/spool/` after 14 days, everything else after 90. What goes is made again. Versioning
 *   stays off.
 *
 * One call takes as long as the limits of the client add up to; where listeners wait, put `breakerStore` before it.
 */
export function s3Store(options: S3StoreOptions): Store {
  const { bucket, prefix, client, tries = { tries: 4, pauseMs: 50 }, newWriter = randomUUID } = options;
  const objects = s3Objects(client, bucket);
  const root = prefix === '' ? '' : `${prefix}/`;

  const write = (key: string, bytes: Uint8Array, condition: Condition, signal?: AbortSignal): Promise<boolean> =>
    writeObject(objects, { key: root + key, bytes, writer: newWriter(), condition }, tries, signal);

  return {
    get: (key, signal) =>
      operation('get', key, signal, () =>
        readObject(objects, root + key, () => objects.get(root + key, signal), tries, signal),
      ),
    getRange: (key, range, signal) =>
      operation('get', key, signal, async () => {
        sliceRange(NOTHING, range);
        if (range.start === range.end) return (await objects.head(root + key, signal)) && NOTHING; // HTTP has no empty range
        return readObject(objects, root + key, () => objects.getRange(root + key, range, signal), tries, signal);
      }),
    putIfAbsent: (key, bytes, signal) =>
      operation('put', key, signal, () => write(key, bytes, { IfNoneMatch: '*' }, signal)),
    replaceIfMatch: (key, bytes, tag, signal) =>
      operation('replace', key, signal, () =>
        write(key, bytes, tag === null ? { IfNoneMatch: '*' } : { IfMatch: tag }, signal),
      ),
    delete: (key, signal) => operation('delete', key, signal, () => objects.remove(root + key, undefined, signal)),
    async *list(wanted, signal) {
      let from: string | undefined;
      do {
        const page = await failing(`list ${wanted}`, signal, () => objects.list(root + wanted, from, signal));
        const keys = page.keys.map((name) => name.slice(root.length));
        yield* keys.filter(isKey);
        from = page.next;
      } while (from !== undefined);
    },
    close() {
      client.destroy();
      return Promise.resolve();
    },
  };
}

const NOTHING = new Uint8Array();

const operation = <T>(what: string, key: string, signal: AbortSignal | undefined, operate: () => Promise<T>) =>
  failing(`${what} ${key.slice(0, 300)}`, signal, () => {
    checkKey(key);
    return operate();
  });

async function failing<T>(what: string, signal: AbortSignal | undefined, operate: () => Promise<T>): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await operate();
  } catch (thrown) {
    signal?.throwIfAborted(); // what an abort interrupts fails in its own words
    throw s3Failure(what, thrown);
  }
}
