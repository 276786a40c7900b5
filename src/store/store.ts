import { BatonError } from '../errors.ts';
import type { ByteRange } from '../units.ts';

/** A value as it stands in a store. */
export interface Stored {
  /** To be read, not written to: a store may hand the same bytes to everybody. */
  readonly bytes: Uint8Array;
  /** Names this version of the value, for `replaceIfMatch` on the same store. */
  readonly tag: string;
}

/**
 * Where probe records, chunks and other derived things live. Whatever it holds can be made again: an entry may vanish
 * at any time (eviction, damage), and `null` only ever means "make it". What was published here (`isKept`) cannot, so that
 * nothing but `delete` makes it go.
 *
 * Every function fails with STORE_FAILED, for a key outside the grammar too, and with the signal's reason once that is
 * aborted. `degradingStore` turns the failures into absence.
 */
export interface Store {
  /** The value, or null when it is absent, damaged or half-written. */
  get(key: string, signal?: AbortSignal): Promise<Stored | null>;
  /** The part of the value inside `range` (fewer bytes when the value ends earlier), or null as in `get`. */
  getRange(key: string, range: ByteRange, signal?: AbortSignal): Promise<Uint8Array | null>;
  /** True: this call stored it. False: somebody else's value stands. */
  putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean>;
  /** Replaces the version named by `tag`; with null it stores only what is absent. False: another version stands, or none. */
  replaceIfMatch(key: string, bytes: Uint8Array, tag: string | null, signal?: AbortSignal): Promise<boolean>;
  /** Afterwards the key is absent; that it was absent before is no failure. */
  delete(key: string, signal?: AbortSignal): Promise<void>;
  /** The keys that start with `prefix`, in no particular order. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<string>;
  close(): Promise<void>;
}

const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,7}$/;
const MAX_KEY_LENGTH = 200; // one file name must hold a whole key
const IMMUTABLE = /^(?:chunk|probe|index|spool)\//;

/** True for one to eight segments of letters, digits, `.`, `_` and `-`, each starting with a letter or digit. */
export const isKey = (text: string): boolean => text.length <= MAX_KEY_LENGTH && KEY.test(text);

/** Throws STORE_FAILED for anything but a key. A key is used as it is, never decoded. */
export function checkKey(key: string): void {
  if (!isKey(key)) throw new BatonError('STORE_FAILED', `not a store key: ${JSON.stringify(key.slice(0, 300))}`);
}

/** True for keys whose value never changes once stored, because the key says everything about it. */
export const isImmutable = (key: string): boolean => IMMUTABLE.test(key);

const KEPT = 'ingest';

/** True for keys whose values cannot be made again: shows that were published here. */
export const isKept = (key: string): boolean => isKeptFamily(key.split('/', 1)[0] ?? '');

/** Likewise, by the first segment. */
export const isKeptFamily = (family: string): boolean => family === KEPT;

/** What lies inside `range`; throws STORE_FAILED for a range that is none. */
export function sliceRange(bytes: Uint8Array, { start, end }: ByteRange): Uint8Array {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new BatonError('STORE_FAILED', `not a byte range: [${start}, ${end})`);
  }
  return bytes.subarray(start, end);
}
