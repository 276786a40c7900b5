import type { Link } from '../sign/link.ts';
import { shortHash } from '../source/record.ts';
import type { Seconds } from '../units.ts';
import type { Baton } from './baton.ts';
import { cacheControl } from './cache-control.ts';
import { httpDate, type Validators } from './conditional.ts';
import { digest, type FeedRecord, type FeedVersion } from './feed-record.ts';
import type { Headers } from './reply.ts';

/** What identifies a feed as this link gives it. */
export interface FeedTag extends Validators {
  /** The feed's own is weak where that of its origin is. */
  readonly isWeak: boolean;
}

const LAYOUT = 'baton-feed-1';
/** Lengths are found out at the moment: the next answer has more of them. */
const UNSETTLED: Seconds = 30;

/** The tag of what is made of a settled record. */
export function feedTag(record: FeedRecord, link: Link, base: string, { keys, now }: Baton): FeedTag {
  const { etag, modified } = record.version ?? { etag: null, modified: null };
  const parts = [LAYOUT, digest(record), base, keys.current, link.rest, link.expiresAt, link.scope];
  const changed = httpDate(modified, now());
  const last = Math.max(record.changedAt, changed === null ? 0 : Date.parse(changed));
  return {
    etag: `"${shortHash(JSON.stringify(parts))}"`,
    lastModified: new Date(last).toUTCString(),
    isWeak: etag === null || etag.startsWith('W/'),
  };
}

/** The headers of every answer with a feed; `tag` where it is the same every time. */
export function describeFeed(version: FeedVersion, tag: FeedTag | null, link: Link, baton: Baton): Headers {
  return {
    'content-type': safeType(version.type),
    'cache-control': cacheControl(tag === null ? UNSETTLED : baton.config.revalidateMs / 1000, link, baton.now()),
    // A browser would run what others put into a feed as if it were ours.
    'content-security-policy': "default-src 'none'; sandbox",
    ...(tag === null ? {} : { etag: `${tag.isWeak ? 'W/' : ''}${tag.etag}` }),
    ...(tag?.lastModified == null ? {} : { 'last-modified': tag.lastModified }),
  };
}

const XML = /^(?:application|text)\/(?:[a-z0-9.-]+\+)?xml(?:\s*;\s*charset="?[A-Za-z0-9._:-]+"?)?\s*$/i;

/** Many servers call a feed a web page or plain text. */
const safeType = (type: string | null): string => (type !== null && XML.test(type) ? type : 'application/xml');
