import { BatonError } from '../errors.ts';
import type { Chapter, Tags } from '../media/tags.ts';
import type { Link } from '../sign/link.ts';
import { shortHash } from '../source/record.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { cacheControl } from './cache-control.ts';
import { isNotModified } from './conditional.ts';
import { bare } from './file-headers.ts';
import type { Headers, Reply, Request } from './reply.ts';

/** The chapters of an episode as podcast players read them (JSON Chapters 1.2), on the timeline of `rendition`. */
export async function feedChapters(
  rendition: string | null,
  link: Link,
  request: Request,
  baton: Baton,
  { meter }: Notes,
): Promise<Reply> {
  const source = await baton.sources.open(link.source, request.signal, meter);
  const tags = rendition === null ? source.record.tags : baton.files(source, rendition).tags;
  if (tags.chapters.length === 0) throw new BatonError('NOT_FOUND', 'no chapters');
  const { revalidateMs } = baton.config;
  const cached = cacheControl(revalidateMs / 1000, link, baton.now());
  return smallReply(JSON.stringify(jsonChapters(tags)), 'application/json+chapters', cached, request);
}

/** JSON as a whole answer of its own. */
export function smallReply(json: string, type: string, cached: string, { method, headers: asked }: Request): Reply {
  const body = Buffer.from(`${json}\n`);
  const etag = `"${shortHash(body)}"`;
  const headers: Headers = {
    'content-type': type,
    'cache-control': cached,
    'content-security-policy': "default-src 'none'; sandbox",
    etag,
  };
  if (isNotModified(asked, { etag, lastModified: null })) return { status: 304, headers: bare(headers), body: null };
  headers['content-length'] = String(body.length);
  return { status: 200, headers, body: method === 'HEAD' ? null : body };
}

const jsonChapters = ({ title, chapters }: Tags): object => ({
  version: '1.2.0',
  ...(title === undefined ? {} : { title }),
  chapters: chapters.map(jsonChapter),
});

const jsonChapter = ({ startMs, endMs, title }: Chapter): object => ({
  startTime: startMs / 1000,
  ...(endMs > startMs ? { endTime: endMs / 1000 } : {}),
  title,
});
