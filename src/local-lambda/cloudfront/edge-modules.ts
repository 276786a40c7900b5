import { createHash, createHmac, type BinaryLike } from 'node:crypto';
import { parse, stringify } from 'node:querystring';

/** Filled in when the function chooses an origin. */
export interface ChosenOrigin {
  id: string | null;
}

interface ModuleDeps {
  readonly keyValues: Readonly<Record<string, string>>;
  readonly originIds: readonly string[];
  readonly chosen: ChosenOrigin;
}

type Encoding = 'hex' | 'base64' | 'base64url';

/** The modules of CloudFront's JavaScript runtime 2.0, by name. */
export const cloudFrontModules = (deps: ModuleDeps): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ['cloudfront', cloudfront(deps)],
    ['crypto', { createHash: (name: string) => hash(createHash(known(name))), createHmac: hmac }],
    ['buffer', { Buffer }],
    ['querystring', { parse, stringify }],
  ]);

function cloudfront({ keyValues, originIds, chosen }: ModuleDeps): object {
  const select = (id: string): void => {
    if (!originIds.includes(id)) throw new Error(`there is no origin ${id}`);
    chosen.id = id;
  };
  return {
    kvs: () => ({
      get: (key: string, { format = 'string' }: { format?: 'string' | 'json' | 'bytes' } = {}) => {
        const value = Object.hasOwn(keyValues, key) ? keyValues[key] : undefined;
        if (value === undefined) return Promise.reject(new Error(`KeyNotFound: ${key}`));
        if (format === 'json') return Promise.resolve(JSON.parse(value) as unknown);
        return Promise.resolve(format === 'bytes' ? Buffer.from(value) : value);
      },
      exists: (key: string) => Promise.resolve(Object.hasOwn(keyValues, key)),
      count: () => Promise.resolve(Object.keys(keyValues).length),
    }),
    selectRequestOriginById: select,
    // Only what can be had here: another of the distribution's own origins.
    updateRequestOrigin: ({ originId, domainName }: { originId?: string; domainName?: string }) =>
      select(originId ?? domainName ?? ''),
  };
}

/** The three algorithms of the runtime. */
function known(name: string): string {
  if (/^(md5|sha1|sha256)$/.test(name)) return name;
  throw new Error(`CloudFront's crypto has md5, sha1 and sha256, not ${name}`);
}

const hmac = (name: string, key: BinaryLike): object => hash(createHmac(known(name), key));

interface Hashing {
  update(data: BinaryLike): unknown;
  digest(): Buffer;
}

function hash(inner: Hashing): object {
  const outer = {
    update: (data: BinaryLike) => {
      inner.update(data);
      return outer;
    },
    digest: (encoding?: Encoding) => (encoding === undefined ? inner.digest() : inner.digest().toString(encoding)),
  };
  return outer;
}
