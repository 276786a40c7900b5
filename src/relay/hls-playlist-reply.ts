import type { Link } from '../sign/link.ts';
import { shortHash } from '../source/record.ts';
import type { Seconds } from '../units.ts';
import type { Baton } from './baton.ts';
import { cacheControl } from './cache-control.ts';
import { isNotModified } from './conditional.ts';
import type { Headers, Reply, Request } from './reply.ts';

/** RFC 8216bis section 4. */
const TYPE = 'application/vnd.apple.mpegurl';

/** A playlist as a whole answer, which stays fresh for so long. */
export function playlistReply(text: string, fresh: Seconds, request: Request, link: Link, baton: Baton): Reply {
  const body = Buffer.from(text);
  const etag = `"${shortHash(body)}"`;
  const cached: Headers = { 'cache-control': cacheControl(fresh, link, baton.now()), etag };
  if (isNotModified(request.headers, { etag, lastModified: null })) return { status: 304, headers: cached, body: null };
  const headers: Headers = { 'content-type': TYPE, ...cached, 'content-length': String(body.length) };
  return { status: 200, headers, body: request.method === 'HEAD' ? null : body };
}
