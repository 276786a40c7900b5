import type { CacheTtl } from './spec.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Errors that CloudFront always keeps, and those it keeps only when told for how long. */
const KEPT_ERRORS = new Set([404, 410, 414, 500, 501, 502, 503, 504]);
const KEPT_IF_TOLD = new Set([400, 403, 405, 412, 415]);
/** Of the kept errors, those that no-store keeps out. */
const HEEDS_NO_STORE = new Set([404, 410, 414, 501]);
const KEPT_OTHERWISE = new Set([200, 203, 204, 206, 300, 301, 302, 307, 308]);
/** Error Caching Minimum TTL of a distribution that sets none. */
const ERROR_SECONDS = 10;

/** What a distribution says of keeping. */
export interface KeepingPolicy {
  readonly ttl: CacheTtl;
  /** By status. */
  readonly errorSeconds: Readonly<Record<number, number>>;
}

/** How many seconds CloudFront keeps a response; 0: not at all. */
export function keptSeconds(
  status: number,
  headers: Headers,
  { ttl, errorSeconds }: KeepingPolicy,
  now = Date.now(),
): number {
  const directives = cacheControl(headers);
  const told = toldSeconds(directives, headers, now);
  const isForbidden = ['no-store', 'no-cache', 'private'].some((name) => directives.has(name));
  if (status >= 400) {
    if (HEEDS_NO_STORE.has(status) && isForbidden) return 0;
    const isKept = KEPT_ERRORS.has(status) || (KEPT_IF_TOLD.has(status) && told !== null);
    return isKept ? Math.max(errorSeconds[status] ?? ERROR_SECONDS, told ?? 0) : 0;
  }
  if (!KEPT_OTHERWISE.has(status)) return 0;
  if (isForbidden) return ttl.min;
  return Math.min(Math.max(told ?? ttl.default, ttl.min), ttl.max);
}

function cacheControl(headers: Headers): ReadonlyMap<string, string> {
  const text = String(headers['cache-control'] ?? '').toLowerCase();
  return new Map(
    text.split(',').map((directive): [string, string] => {
      const [name = '', value = ''] = directive.trim().split('=', 2);
      return [name, value.replaceAll('"', '')];
    }),
  );
}

function toldSeconds(directives: ReadonlyMap<string, string>, headers: Headers, now: number): number | null {
  const text = directives.get('s-maxage') ?? directives.get('max-age');
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  const expires = Date.parse(String(headers['expires'] ?? ''));
  return Number.isNaN(expires) ? null : Math.max(0, Math.floor((expires - now) / 1000));
}
