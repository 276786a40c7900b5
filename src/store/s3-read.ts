import { isDamage } from './s3-failure.ts';
import type { S3Objects } from './s3-objects.ts';
import { retried, type Outcome, type Tries } from './s3-retry.ts';
import type { Stored } from './store.ts';

/**
 * Reads an object, once more when its body broke off: the SDK tries again only until there is a head. One that fails
 * its checksum twice is removed and counts as absent.
 */
export function readObject<T extends Stored | Uint8Array>(
  objects: S3Objects,
  key: string,
  read: () => Promise<T | null>,
  tries: Tries,
  signal?: AbortSignal,
): Promise<T | null> {
  let damaged = false;
  const attempt = async (isLast: boolean): Promise<Outcome<T | null>> => {
    try {
      return { value: await read() };
    } catch (thrown) {
      if (isDamage(thrown) && (damaged || isLast)) {
        await discard(objects, key, signal);
        return { value: null };
      }
      damaged = isDamage(thrown);
      if (isLast || signal?.aborted === true || wasRetried(thrown)) throw thrown;
      return 'again';
    }
  };
  return retried(tries, attempt, signal);
}

/** The SDK marks what it threw itself, after tries of its own. */
const wasRetried = (thrown: unknown): boolean => thrown instanceof Error && '$metadata' in thrown;

async function discard(objects: S3Objects, key: string, signal?: AbortSignal): Promise<void> {
  try {
    const standing = await objects.head(key, signal);
    if (standing !== null) await objects.remove(key, standing.tag, signal);
  } catch {
    // Damaged is as good as absent, removed or not.
  }
}
