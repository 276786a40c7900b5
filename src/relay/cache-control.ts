import type { Link } from '../sign/link.ts';
import type { Milliseconds, Seconds } from '../units.ts';
import type { Baton } from './baton.ts';

/** For an answer that is fresh for so long. One to a private link is not kept beyond its expiry, and by no shared cache. */
export function cacheControl(
  fresh: Seconds,
  { expiresAt }: Link,
  now: Milliseconds,
  whose: 'public' | 'private' = 'public',
): string {
  const most = Math.floor(fresh);
  if (expiresAt === null) return `${whose}, max-age=${most}`;
  return `private, max-age=${Math.max(0, Math.min(most, Math.floor(expiresAt - now / 1000)))}`;
}

/**
 * For what is never anything else under its address: as long as caches like. An edge that took the token off does not
 * tell how long the link lives, and keeps the answer itself.
 */
export function forEver(link: Link, { config, now }: Pick<Baton, 'config' | 'now'>): string {
  if (link.expiresAt !== null || !config.trustEdge) return `${cacheControl(YEAR, link, now())}, immutable`;
  return `${cacheControl(EDGE_FRESH, link, now())}, s-maxage=${YEAR}, immutable`;
}

/** The edge leaves private links that live longer to caches, with their token taken off. */
export const EDGE_FRESH: Seconds = 300;

const YEAR: Seconds = 365 * 86_400;
