import { attemptsOf, isS3Error, statusOf } from './s3-failure.ts';
import type { Condition, S3Objects, Standing } from './s3-objects.ts';
import { retried, type Outcome, type Tries } from './s3-retry.ts';

/** What is written where. */
export interface Write {
  readonly key: string;
  readonly bytes: Uint8Array;
  /** A text that no other write has. */
  readonly writer: string;
  readonly condition: Condition;
}

/**
 * True when this write was stored, false when another version stands, or none. A write that meets another one at the
 * same time (409) is tried again. A refusal (412, or 404 for a version that is gone) of anything but the very first
 * request is looked into: an earlier one, whose answer was lost, may have been stored.
 */
export function writeObject(objects: S3Objects, write: Write, tries: Tries, signal?: AbortSignal): Promise<boolean> {
  const { key, bytes, writer, condition } = write;
  let requests = 0;
  const attempt = async (isLast: boolean): Promise<Outcome<boolean>> => {
    try {
      await objects.put(key, bytes, writer, condition, signal);
      return { value: true };
    } catch (thrown) {
      requests += attemptsOf(thrown);
      const isConflict = statusOf(thrown) === 409;
      if (!isConflict && !isRefusal(thrown)) throw thrown;
      if (!isConflict && requests === 1) return { value: false };
      if (isConflict && !isLast) return 'again';
      const standing = await objects.head(key, signal);
      if (standing?.writer === writer) return { value: true };
      if (contradicts(standing, condition)) return { value: false };
      throw thrown;
    }
  };
  return retried(tries, attempt, signal);
}

const isRefusal = (thrown: unknown): boolean =>
  statusOf(thrown) === 412 || (statusOf(thrown) === 404 && !isS3Error(thrown, 'NoSuchBucket'));

const contradicts = (standing: Standing | null, condition: Condition): boolean =>
  'IfMatch' in condition ? standing?.tag !== condition.IfMatch : standing !== null;
