import { create as contentDisposition } from 'content-disposition';
import type { Link } from '../sign/link.ts';
import type { Payload } from '../source/payload.ts';
import { shortHash } from '../source/record.ts';
import { httpDate, type Validators } from './conditional.ts';
import type { Baton } from './baton.ts';
import { cacheControl } from './cache-control.ts';
import type { RawOptions } from './raw-options.ts';
import type { Headers } from './reply.ts';

/** Of a payload; the tag is null where nothing vouches for all of its bytes. */
export interface RawValidators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** A payload's own strong validator, of the pinned version, whatever kind of validator its origin has. */
export function rawValidators({ record, pin }: Payload, baton: Baton): RawValidators {
  const isSure = record.validator !== null || record.tailHash !== null;
  const etag = isSure ? `"${shortHash(JSON.stringify([LAYOUT, record.version]))}"` : null;
  return { etag, lastModified: httpDate(pin.modified, baton.now()) };
}

/** For conditions: a missing tag matches none. */
export const comparable = ({ etag, lastModified }: RawValidators): Validators => ({ etag: etag ?? '', lastModified });

const LAYOUT = 'baton-raw-1';

/** The headers of every answer with this payload; the length and what is sent of it come on top. */
export function describeRaw(
  { type, pin }: Payload,
  validators: RawValidators,
  options: RawOptions,
  link: Link,
  baton: Baton,
): Headers {
  const described = describePayload(type, validators, options, link, baton);
  return {
    ...described,
    'accept-ranges': pin.ranges ? 'bytes' : 'none',
    ...(pin.size === null ? { 'cache-control': 'no-store' } : {}),
  };
}

/** Those that do not depend on its length and ranges; `given` is the origin's Content-Type. */
export function describePayload(
  given: string | null,
  { etag, lastModified }: RawValidators,
  options: RawOptions,
  link: Link,
  baton: Baton,
): Headers {
  const type = safeType(given);
  // The source may change at any look at it.
  const cached = cacheControl(baton.config.revalidateMs / 1000, link, baton.now());
  const disposition = isActive(type)
    ? 'attachment'
    : (options.disposition ?? (isShown(type) ? 'inline' : 'attachment'));
  return {
    'content-type': type,
    'cache-control': `${cached}, no-transform`,
    'content-disposition': contentDisposition(link.name, { type: disposition }),
    // Chromium's PDF viewer does not open in a sandbox, and lets no script of a document near the page's origin.
    'content-security-policy': type === PDF ? "default-src 'none'" : "sandbox; default-src 'none'",
    ...(etag === null ? {} : { etag }),
    ...(lastModified === null ? {} : { 'last-modified': lastModified }),
  };
}

const PDF = 'application/pdf';
const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})((?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"[\\w .:/+-]*"))*)[ \\t]*$`);
const MAX_TYPE = 100;

/** The origin's own type where it is one. As a script it would run in our own pages, whose policy lets this origin's in. */
function safeType(given: string | null): string {
  const [, type, parameters = ''] = (given ?? '').length > MAX_TYPE ? [] : (MEDIA_TYPE.exec(given ?? '') ?? []);
  if (type === undefined || /^multipart\//i.test(type)) return 'application/octet-stream';
  return /script$|^text\/css$/i.test(type) ? `text/plain${parameters}` : `${type.toLowerCase()}${parameters}`;
}

/** What a browser would run when it shows it. The policy stops it, and nothing is shown. */
const isActive = (type: string): boolean => /^(?:text\/html|(?:text|application)\/xml|[^;]+\+xml)\s*(?:;|$)/.test(type);

const isShown = (type: string): boolean => /^(?:image|audio|video)\/|^(?:text\/plain|application\/pdf)\b/.test(type);
