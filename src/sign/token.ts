import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';

/** What a token vouches for. A public link has an empty `expiry` and `scope`. */
export interface Claims {
  readonly kind: string;
  readonly kid: string;
  /** Base-36 seconds, as spelled in the link. */
  readonly expiry: string;
  readonly scope: string;
  /** Everything after the token, byte for byte as received. */
  readonly rest: string;
}

/** The length of every signature. */
export const SIGNATURE_CHARS = 43;

/** HMAC-SHA-256 over the claims, in base64url. No claim may contain a newline. */
export function signature({ kind, kid, expiry, scope, rest }: Claims, secret: Uint8Array): string {
  const text = ['baton-link-1', kind, kid, expiry, scope, `/${rest}`].join('\n');
  return createHmac('sha256', keyOf(secret)).update(text).digest('base64url');
}

/** Making one takes five times as long as the signature: a feed has thousands. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function keyOf(secret: Uint8Array): KeyObject {
  const key = keyObjects.get(secret) ?? createSecretKey(secret);
  keyObjects.set(secret, key);
  return key;
}

/**
 * True when `given` is the signature of these claims. The texts are compared, not the bytes they stand for: base64url
 * spells the same bytes in several ways, and a link has one spelling only.
 */
export function verify(given: string, claims: Claims, secret: Uint8Array): boolean {
  const [a, b] = [Buffer.from(given, 'latin1'), Buffer.from(signature(claims, secret), 'latin1')];
  return a.length === b.length && timingSafeEqual(a, b);
}
