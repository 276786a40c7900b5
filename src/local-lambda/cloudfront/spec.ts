/** A distribution in front of function URLs. */
export interface CloudFrontSpec {
  /** The first whose pattern matches serves a request; the last should be `*`. */
  readonly behaviours: readonly Behaviour[];
  /** Function names by origin id. */
  readonly origins: Readonly<Record<string, string>>;
  /** What the key value store holds. */
  readonly keyValues: Readonly<Record<string, string>>;
  /** Error Caching Minimum TTL in seconds by status; 10 unless given. */
  readonly errorSeconds?: Readonly<Record<number, number>>;
  /** Longest wait for an origin's next bytes; 30,000 ms unless given. */
  readonly originReadTimeoutMs?: number;
  /** Of the whole cache; 256 MiB unless given. A fourth of it is the most that one object takes. */
  readonly cacheBytes?: number;
}

export interface Behaviour {
  /** `*` stands for any characters, `?` for one; a slash at the start may be left out. */
  readonly pathPattern: string;
  /** Id of the origin, unless the function chooses another. */
  readonly origin: string;
  /** Code of the CloudFront Function (runtime 2.0) for viewer requests. */
  readonly viewerRequest: string | null;
  /** Request headers that are part of the cache key, and therefore reach the origin; none unless given. */
  readonly cacheHeaders?: readonly string[];
  /** Request headers that reach the origin besides; none unless given. */
  readonly forwardHeaders?: readonly string[] | 'all';
  /** 'all' unless given: part of the cache key and sent to the origin. 'forward': only sent. */
  readonly queryStrings?: 'all' | 'forward' | 'none';
  /** All unless given; another one is answered 403. */
  readonly methods?: readonly string[];
  /** Bounds of how long responses are cached, and what holds for those that do not say. */
  readonly ttl?: CacheTtl;
}

/** Seconds. */
export interface CacheTtl {
  readonly min: number;
  readonly default: number;
  readonly max: number;
}

/** As CloudFront's policies have it, but with a minimum of 0: no-store is heeded. */
export const DEFAULT_TTL: CacheTtl = { min: 0, default: 86_400, max: 31_536_000 };

/** Whether a behaviour's pattern matches a path. */
export function matchesPattern(pattern: string, path: string): boolean {
  const escaped = pattern.replace(/^\//, '').replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^/?${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(path);
}
