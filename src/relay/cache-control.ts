import type { Link } from '../sign/link.ts';
import type { Milliseconds, Seconds } from '../units.ts';

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
