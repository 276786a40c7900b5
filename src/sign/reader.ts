import type { Seconds } from '../units.ts';
import type { Keys } from './keys.ts';
import { atPlace, checkExpiry, readLink, readStrippedLink, splitPlace, type Link } from './link.ts';

/** As `readLink`, for the keys it was made with; and as `readStrippedLink` if it trusts the edge. */
export type LinkReader = (path: string, now: Seconds) => Link;

const REMEMBERED = 512;

/**
 * Reads links and remembers the last ones that were good: players ask for many ranges of one link, and for many places
 * in it. A remembered link is the same to the byte but for its place, and its expiry is checked every time.
 */
export function linkReader(keys: Keys, { trustEdge }: { readonly trustEdge: boolean }): LinkReader {
  const known = new Map<string, Link>();
  return (path, now) => {
    const { address, place } = splitPlace(path);
    const remembered = known.get(address);
    if (remembered !== undefined) {
      if (remembered.expiresAt !== null) checkExpiry(remembered.expiresAt, now);
      return atPlace(remembered, place);
    }
    const link = (trustEdge ? readStrippedLink(address, keys) : null) ?? readLink(address, keys, now);
    const oldest = known.size >= REMEMBERED ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    known.set(address, link);
    return atPlace(link, place);
  };
}
