import { create as contentDisposition } from 'content-disposition';
import type { Link } from '../sign/link.ts';
import type { Seconds } from '../units.ts';
import type { Baton } from './baton.ts';
import type { Headers } from './reply.ts';
import type { VirtualFile } from './virtual-file.ts';

// A character may take 9 bytes of the header, and proxies take 4 kB for all headers.
const MAX_TITLE = 120;

/** The headers of every answer with this file; the length and what is sent of it come on top. */
export function describe(wanted: VirtualFile, lastModified: string | null, link: Link, baton: Baton): Headers {
  return {
    'content-type': 'audio/mpeg',
    'accept-ranges': 'bytes',
    'cache-control': cacheControl(link, baton),
    'content-disposition': disposition(wanted.source.record.tags.title, link.name),
    ...(wanted.etag === null ? {} : { etag: wanted.etag }),
    ...(lastModified === null ? {} : { 'last-modified': lastModified }),
  };
}

/** The real title; `name` is for clients that read ASCII alone. */
function disposition(title: string | undefined, name: string): string {
  const fileName = title === undefined ? name : `${title.slice(0, MAX_TITLE).toWellFormed()}.mp3`;
  return contentDisposition(fileName, { type: 'inline', fallback: name });
}

/** The edge leaves private links that live longer to caches, with their token taken off. */
const EDGE_FRESH: Seconds = 300;

/** The source may change at any look at it; a private link is not kept beyond its expiry. */
function cacheControl({ expiresAt }: Link, baton: Baton): string {
  const { revalidateMs, trustEdge } = baton.config;
  const fresh = Math.min(Math.floor(revalidateMs / 1000), trustEdge ? EDGE_FRESH : Infinity);
  if (expiresAt === null) return `public, max-age=${fresh}, no-transform`;
  return `private, max-age=${Math.max(0, Math.min(fresh, Math.floor(expiresAt - baton.now() / 1000)))}, no-transform`;
}

/** A 304 says nothing of the content it does not send (RFC 9110 section 15.4.5). */
export const bare = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'content-type' && name !== 'content-disposition'),
  );
