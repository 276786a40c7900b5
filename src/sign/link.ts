import { BatonError } from '../errors.ts';
import type { Seconds } from '../units.ts';
import { secretOf, type Keys } from './keys.ts';
import { sealSource, unsealSource } from './seal.ts';
import { signature, SIGNATURE_CHARS, verify, type Claims } from './token.ts';

/** What a link may lead to: one handler each. */
export const KINDS = ['file', 'live', 'hls', 'feed', 'raw', 'embed'] as const;
export type Kind = (typeof KINDS)[number];

/** What a link says, whoever it is for. */
export interface LinkContent {
  readonly kind: Kind;
  /** `key.value` pairs joined by `~`, in their canonical order; may be empty. */
  readonly options: string;
  /** An http, https or s3 URL. */
  readonly source: string;
  /** From `slug`. */
  readonly name: string;
}

/** A link that was checked. */
export interface Link extends LinkContent {
  /** Unix time; null for a public link, which lives as long as its key. */
  readonly expiresAt: Seconds | null;
  readonly scope: string | null;
  readonly kid: string;
  /** The path after the token, `options/source/name`: safe to build cache keys from. */
  readonly rest: string;
  /** Of a file where to begin, of a page a part of it: the last segment, not covered by the signature. Null: none. */
  readonly place: string | null;
}

/** Until when a private link is good, and for whom. */
export interface Access {
  /** Unix time. More than 7 days ahead is cut to 7 days. */
  readonly expiresAt: Seconds;
  /** An opaque id of a listener or session, 1 to 64 characters of A-Z, a-z, 0-9, `_` and `-`. */
  readonly scope: string;
}

/** How the source is written into a link. */
export interface Seal {
  /** Encrypts the source URL, for one that is itself a secret. */
  readonly encryptSource?: boolean;
}

/** The longest a private link may live. */
export const MAX_LIFE: Seconds = 7 * 86_400;
const CLOCK_SKEW: Seconds = 60;
// CloudFront takes 8,192 bytes of URL with scheme and host; a place comes on top.
const MAX_CHARS = 8_000;
const MAX_PLACE_CHARS = 128;
/** Kinds that have places: of all others a link with one leads nowhere. */
const WITH_PLACES: readonly Kind[] = ['file', 'live', 'hls', 'embed'];

const KIND = `(${KINDS.join('|')})`;
const TOKEN = `([a-z0-9]{1,8})(?:\\.([1-9a-z][0-9a-z]{0,8})\\.([A-Za-z0-9_-]{1,64}))?\\.([A-Za-z0-9_-]{${SIGNATURE_CHARS}})`;
const SEGMENT = '(?!\\.{1,2}(?:/|$))[A-Za-z0-9._~-]+';
const REST = `((${SEGMENT})/(~?[A-Za-z0-9_-]+)/(${SEGMENT}))`;
const PATH = new RegExp(`^/${KIND}/${TOKEN}/${REST}$`);
const STRIPPED = new RegExp(`^/(file|hls)/([a-z0-9]{1,8})/(?!mode\\.relay[~/])${REST}$`);
const PLACED = new RegExp(`^((?:/[^/]+){5})/((?!\\.{1,2}$)[A-Za-z0-9._~-]{1,${MAX_PLACE_CHARS}})$`);

/**
 * The path of a link that never expires and is the same every time; it is revoked with its key.
 * @throws SOURCE_URL_INVALID (also for a URL too long for a link), OPTIONS_INVALID
 */
export function publicLink(content: LinkContent, keys: Keys, seal: Seal = {}): string {
  return link(content, { expiry: '', scope: '' }, keys, seal);
}

/**
 * The path of a link that expires.
 * @throws as `publicLink`
 */
export function privateLink(content: LinkContent, access: Access, keys: Keys, now: Seconds, seal: Seal = {}): string {
  const expiresAt = Math.max(1, Math.floor(Math.min(access.expiresAt, now + MAX_LIFE)));
  return link(content, { expiry: expiresAt.toString(36), scope: access.scope }, keys, seal);
}

/**
 * Checks a link and takes it apart. `path` is the request target exactly as received, never decoded or re-serialised.
 * @throws LINK_INVALID, LINK_EXPIRED, SOURCE_URL_INVALID, and NOT_FOUND for a place in a kind that has none
 */
export function readLink(path: string, keys: Keys, now: Seconds): Link {
  const { address, place } = splitPlace(path);
  return atPlace(readAddress(address, keys, now), place);
}

function readAddress(path: string, keys: Keys, now: Seconds): Link {
  const match = PATH.exec(path);
  if (match === null) throw invalid('not of the form of a link');
  const [, kind = '', kid = '', expiry = '', scope = '', given = '', rest = '', options = '', sealed = '', name = ''] =
    match as readonly (string | undefined)[];
  const secret = keys.byId.get(kid);
  if (secret === undefined) throw invalid(`unknown key ${kid}`);
  if (!verify(given, { kind, kid, expiry, scope, rest }, secret)) throw invalid('signature does not match');
  const expiresAt = expiry === '' ? null : checkExpiry(parseInt(expiry, 36), now);
  const source = unsealSource(sealed, secret);
  const content = { kind: kind as Kind, options: options === NO_OPTIONS ? '' : options, source, name };
  return { ...content, expiresAt, scope: expiry === '' ? null : scope, kid, rest, place: null };
}

/**
 * Takes apart a link whose token an edge in front of Baton has checked and left out, so that caches know one address for
 * all links to one file: `/file/kid/options/source/name`, and perhaps a place. The same goes for `hls` but for `mode.relay`. Null for any other
 * path, and any other kind.
 * @throws LINK_INVALID for an unknown key, SOURCE_URL_INVALID
 */
export function readStrippedLink(path: string, keys: Keys): Link | null {
  const { address, place } = splitPlace(path);
  const match = STRIPPED.exec(address);
  if (match === null) return null;
  const [, kind = '', kid = '', rest = '', options = '', sealed = '', name = ''] = match as readonly (
    string | undefined
  )[];
  const secret = keys.byId.get(kid);
  if (secret === undefined) throw invalid(`unknown key ${kid}`);
  const source = unsealSource(sealed, secret);
  const content = { kind: kind as Kind, options: options === NO_OPTIONS ? '' : options, source, name };
  return { ...content, expiresAt: null, scope: null, kid, rest, place };
}

/**
 * The address of a path, which is the same for all places in it, and the place. What cannot be a link has no place, and
 * what is too long for one no address.
 */
export function splitPlace(path: string): { readonly address: string; readonly place: string | null } {
  const match = path.length > MAX_CHARS + 1 + MAX_PLACE_CHARS ? null : PLACED.exec(path);
  const [, address = path, place = null] = match ?? [];
  return { address: address.length > MAX_CHARS ? '' : address, place };
}

/** The link at a place of it. @throws NOT_FOUND when its kind has no places */
export function atPlace(link: Link, place: string | null): Link {
  if (place === null) return link;
  if (!WITH_PLACES.includes(link.kind)) throw new BatonError('NOT_FOUND', `a place in ${link.kind}`);
  return { ...link, place };
}

/**
 * For links that Baton writes into playlists and pages: an expiry that they inherit, rounded up to the hour, and down where
 * a link would live too long. So they change once an hour at most.
 */
export const inherited = (expiresAt: Seconds, now: Seconds): Seconds =>
  Math.min(Math.ceil(expiresAt / HOUR) * HOUR, Math.floor((now + MAX_LIFE) / HOUR) * HOUR);

const HOUR: Seconds = 3_600;

// A path must not have an empty segment: `//` is folded by some proxies.
const NO_OPTIONS = '-';

function link(content: LinkContent, access: { expiry: string; scope: string }, keys: Keys, seal: Seal): string {
  const { kind, source, name } = content;
  const kid = keys.current;
  const secret = secretOf(keys, kid);
  const options = content.options === '' ? NO_OPTIONS : content.options;
  const rest = `${options}/${sealSource(source, secret, seal.encryptSource === true)}/${name}`;
  const claims: Claims = { kind, kid, ...access, rest };
  const token = [kid, access.expiry, access.scope, signature(claims, secret)].filter((part) => part !== '').join('.');
  const path = `/${kind}/${token}/${rest}`;
  if (path.length > MAX_CHARS) throw new BatonError('SOURCE_URL_INVALID', `a link of ${path.length} characters`);
  if (content.options === NO_OPTIONS || !SEGMENT_ONLY.test(options)) throw new BatonError('OPTIONS_INVALID', options);
  // What Baton writes it must be able to read, whoever chose the name and the scope.
  if (!PATH.test(path)) throw new BatonError('INTERNAL', `name ${name} or scope ${access.scope} does not fit a link`);
  return path;
}

const SEGMENT_ONLY = new RegExp(`^${SEGMENT}$`);

/** @throws LINK_EXPIRED, LINK_INVALID for an expiry too far ahead */
export function checkExpiry(expiresAt: Seconds, now: Seconds): Seconds {
  if (now >= expiresAt) throw new BatonError('LINK_EXPIRED');
  if (expiresAt - now > MAX_LIFE + CLOCK_SKEW) throw invalid('expires too far ahead');
  return expiresAt;
}

const invalid = (detail: string): BatonError => new BatonError('LINK_INVALID', detail);
