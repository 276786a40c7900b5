import type { Store } from '../store/store.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { shortHash } from './record.ts';

/** Where a source was found the last time, and what shows that it is still the same. */
export interface Pin extends Validators {
  readonly version: string;
  /** After redirects: the only address that is read. */
  readonly finalUrl: string;
  readonly size: Bytes | null;
  readonly ranges: boolean;
  readonly checkedAt: Milliseconds;
}

/** What an origin says of the state of a file (RFC 9110 section 8.8). */
export interface Validators {
  /** As sent, weak ones too. */
  readonly etag: string | null;
  readonly modified: string | null;
  /** `modified` lay long enough in the past to be a strong validator (RFC 9110 section 8.8.2.2). */
  readonly modifiedIsStrong: boolean;
}

type Headers = Readonly<Record<string, string>>;

const STRONG_AGE: Milliseconds = 60_000;

/** The validators among response headers. */
export function validatorsOf(headers: Headers): Validators {
  const etag = headers['etag'] ?? null;
  const modified = headers['last-modified'] ?? null;
  const age = Date.parse(headers['date'] ?? '') - Date.parse(modified ?? '');
  return { etag: etag === '' ? null : etag, modified, modifiedIsStrong: age >= STRONG_AGE };
}

/** The one validator that a range may be conditional on (If-Range takes strong ones only), or null. */
export function strongValidator({ etag, modified, modifiedIsStrong }: Validators): string | null {
  if (etag !== null && isStrong(etag)) return etag;
  return modifiedIsStrong ? modified : null;
}

/** True when `now` cannot belong to the bytes that `then` belongs to. Missing and weak validators prove nothing. */
export function contradicts(then: Validators, now: Validators): boolean {
  if (then.etag !== null && now.etag !== null && isStrong(then.etag) && isStrong(now.etag))
    return then.etag !== now.etag;
  return then.modifiedIsStrong && now.modified !== null && then.modified !== now.modified;
}

/** True when `now` belongs to the very bytes that `then` belongs to. */
export function confirms(then: Validators, now: Validators): boolean {
  const strong = strongValidator(then);
  return strong !== null && (strong === now.etag || (strong === then.modified && strong === now.modified));
}

/** The pin of `url`, or null when there is none. */
export async function loadPin(store: Store, url: string, signal: AbortSignal): Promise<Pin | null> {
  const stored = await store.get(pinKey(url), signal);
  if (stored === null) return null;
  try {
    return JSON.parse(Buffer.from(stored.bytes).toString()) as Pin;
  } catch {
    return null;
  }
}

/** Replaces the pin of `url`. Losing to another writer does no harm: that one looked at the source just now, too. */
export async function savePin(store: Store, url: string, pin: Pin): Promise<void> {
  const known = await store.get(pinKey(url));
  await store.replaceIfMatch(pinKey(url), Buffer.from(JSON.stringify(pin)), known?.tag ?? null);
}

const pinKey = (url: string): string => `pin/${shortHash(url)}`;

const isStrong = (etag: string): boolean => !etag.startsWith('W/');
