import { create as contentDisposition } from 'content-disposition';
import { FILE_KINDS } from '../grid/container.ts';
import type { Link } from '../sign/link.ts';
import type { Seconds } from '../units.ts';
import type { Baton } from './baton.ts';
import { cacheControl, EDGE_FRESH } from './cache-control.ts';
import { AUTO_VARY } from './format-auto.ts';
import type { Headers } from './reply.ts';
import type { VirtualFile } from './virtual-file.ts';

// A character may take 9 bytes of the header, and proxies take 4 kB for all headers.
const MAX_TITLE = 120;

/**
 * The headers of every answer with this file; the length and what is sent of it come on top. `varies`: another client
 * may get another codec, and caches at the edge do not tell clients apart.
 */
export function describe(
  wanted: VirtualFile,
  lastModified: string | null,
  varies: boolean,
  link: Link,
  baton: Baton,
): Headers {
  const { type, codecs, extension } = FILE_KINDS[wanted.container];
  const fresh = sourceFresh(baton);
  return {
    'content-type': codecs === undefined ? type : `${type}; codecs=${codecs}`,
    'accept-ranges': 'bytes',
    'cache-control': `${cacheControl(fresh, link, baton.now(), varies ? 'private' : 'public')}, no-transform`,
    ...(varies ? { vary: AUTO_VARY } : {}),
    'content-disposition': disposition(
      wanted.tags.title,
      extension,
      varies ? renamed(link.name, extension) : link.name,
    ),
    ...(wanted.etag === null ? {} : { etag: wanted.etag }),
    ...(lastModified === null ? {} : { 'last-modified': lastModified }),
  };
}

/** For how long an answer about a source is fresh, which may have changed at any look at it. */
export const sourceFresh = ({ config: { revalidateMs, trustEdge } }: Baton): Seconds =>
  Math.min(revalidateMs / 1000, trustEdge ? EDGE_FRESH : Infinity);

/** The real title; `name` is for clients that read ASCII alone. */
function disposition(title: string | undefined, extension: string, name: string): string {
  const fileName = title === undefined ? name : `${title.slice(0, MAX_TITLE).toWellFormed()}.${extension}`;
  return contentDisposition(fileName, { type: 'inline', fallback: name });
}

const renamed = (name: string, extension: string): string => name.replace(/\.(mp3|opus|ogg)$/i, `.${extension}`);

/** A 304 says nothing of the content it does not send (RFC 9110 section 15.4.5). */
export const bare = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'content-type' && name !== 'content-disposition'),
  );
