import { BatonError } from '../errors.ts';
import { serverTiming } from '../meter/usage.ts';
import { secretOf } from '../sign/keys.ts';
import type { Link } from '../sign/link.ts';
import { unsealSource } from '../sign/seal.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { following } from './body.ts';
import { isNotModified } from './conditional.ts';
import { feedChapters } from './feed-chapters.ts';
import { describeFeed, feedTag, type FeedTag } from './feed-headers.ts';
import type { OpenBook } from './feed-lengths.ts';
import { feedBase, feedLinks } from './feed-links.ts';
import { parseFeedOptions } from './feed-options.ts';
import { feedPlanner, type FeedPlanner } from './feed-plan.ts';
import { feedPlaylist } from './feed-playlist-reply.ts';
import { isSettled, type FeedVersion } from './feed-record.ts';
import { spliced } from './feed-splice.ts';
import { openUpstream, type Upstream } from './feed-upstream.ts';
import { bare } from './file-headers.ts';
import type { Reply, Request } from './reply.ts';

/**
 * A podcast feed, RSS or Atom, with every enclosure as a virtual file; every other byte is the source's. Lengths that are
 * not known yet are found out while there is patience, and behind the response; until then an enclosure stays as it is.
 * Two views besides: the episodes as a playlist, and the chapters of one episode.
 */
export async function feed(request: Request, baton: Baton, notes: Notes): Promise<Reply> {
  const link = baton.readLink(request.path, baton.now() / 1000);
  if (link.kind !== 'feed' || link.place !== null) throw new BatonError('NOT_FOUND', link.place ?? link.kind);
  const options = parseFeedOptions(link.options);
  notes.rendition = link.options;
  if (options.view === 'chapters') return feedChapters(options.rendition, link, request, baton, notes);
  const base = feedBase(request, baton);
  if (options.view === 'playlist') return feedPlaylist(options, base, link, request, baton, notes);
  const renditions = [options.rendition ?? '', ...options.alternates];
  const book = await baton.feeds.open(link.source, renditions, request.signal);
  try {
    const { hls, station: sealed } = options;
    const station = sealed === null ? null : unsealSource(sealed.replace(/^\./, '~'), secretOf(baton.keys, link.kid));
    return await relay({ request, baton, notes, link, base, renditions, hls, station, book });
  } catch (error) {
    book.close();
    throw error;
  }
}

interface Asked {
  readonly request: Request;
  readonly baton: Baton;
  readonly notes: Notes;
  readonly link: Link;
  readonly base: string;
  readonly renditions: readonly string[];
  readonly hls: string | null;
  readonly station: string | null;
  readonly book: OpenBook;
}

async function relay(asked: Asked): Promise<Reply> {
  const { request, baton, notes, link, book } = asked;
  const startedAt = performance.now();
  const record = book.record();
  const tag = tagOf(asked, record.version);
  const wantsNone = tag !== null && (request.method === 'HEAD' || isNotModified(request.headers, tag));
  const isFresh = baton.now() - record.checkedAt < baton.config.revalidateMs;
  if (wantsNone && isFresh) return withoutBody(asked, record.version, tag);
  const { net } = baton;
  const upstream = await openUpstream(net, link.source, wantsNone ? record.version : null, request.signal, notes.meter);
  notes.meter.probeMs = performance.now() - startedAt;
  if (upstream === null) {
    book.confirm();
    return withoutBody(asked, record.version, tag);
  }
  const present = tagOf(asked, upstream.version);
  if (present !== null && (request.method === 'HEAD' || isNotModified(request.headers, present))) {
    upstream.close();
    book.confirm();
    return withoutBody(asked, upstream.version, present);
  }
  return withBody(asked, upstream, present, patienceUntil(startedAt + baton.config.feedMs, request));
}

/** Null unless the record is of this version and settled. */
function tagOf({ book, link, base, baton }: Asked, version: FeedVersion | null): FeedTag | null {
  const record = book.record();
  const isSame = version !== null && JSON.stringify(version) === JSON.stringify(record.version);
  return isSame && isSettled(record, baton.now()) ? feedTag(record, link, base, baton) : null;
}

function withoutBody({ request, baton, link, book }: Asked, version: FeedVersion | null, tag: FeedTag | null): Reply {
  book.close();
  const headers = describeFeed(version ?? NO_VERSION, tag, link, baton);
  const isSame = tag !== null && isNotModified(request.headers, tag);
  return isSame ? { status: 304, headers: bare(headers), body: null } : { status: 200, headers, body: null };
}

const NO_VERSION: FeedVersion = { etag: null, modified: null, type: null };

/** Its first bytes are there when this resolves, so that what is no feed still has a status. */
async function withBody(asked: Asked, upstream: Upstream, tag: FeedTag | null, patience: Patience): Promise<Reply> {
  const { request, baton, notes, link, base, renditions, hls, station, book } = asked;
  const planner = feedPlanner({
    ...{
      book,
      links: feedLinks(link, base, baton),
      renditions,
      hls,
      station,
      base,
      now: baton.now,
      meter: notes.meter,
    },
    ...{ isSettled: tag !== null, patience: patience.signal },
  });
  const body = finishing(spliced(upstream.body, planner), planner, upstream, patience, book, request);
  const first = await body.next();
  if (request.method === 'HEAD') await body.return();
  const headers = describeFeed(upstream.version, tag, link, baton);
  headers['server-timing'] = serverTiming(notes.meter);
  const pieces = first.done === true ? [] : [first.value];
  return { status: 200, headers, body: request.method === 'HEAD' ? null : following(pieces, body) };
}

/** What was seen is kept when the feed has come to its end, and all is tidied up however it ends. */
async function* finishing(
  body: AsyncGenerator<Uint8Array, void>,
  planner: FeedPlanner,
  upstream: Upstream,
  patience: Patience,
  book: OpenBook,
  { limits }: Request,
): AsyncGenerator<Uint8Array, void> {
  let size: Bytes = 0;
  try {
    for await (const bytes of body) {
      size += bytes.length;
      if (size > limits.wholeBytes) throw new BatonError('RESPONSE_LIMIT', `${size} bytes`);
      yield bytes;
    }
    book.finish(upstream.version, planner.wanted());
  } finally {
    patience.end();
    await upstream.body.return();
    book.close();
  }
}

interface Patience {
  readonly signal: AbortSignal;
  end(): void;
}

/** Ends at a time of the monotonic clock, and when the request does or should. */
function patienceUntil(time: Milliseconds, { signal, closing }: Request): Patience {
  const over = new AbortController();
  const end = (): void => over.abort();
  const leftMs = time - performance.now();
  if (leftMs <= 0) end();
  const timer = setTimeout(end, Math.max(0, leftMs));
  for (const each of [signal, closing]) {
    if (each.aborted) end();
    each.addEventListener('abort', end, { once: true });
  }
  return {
    signal: over.signal,
    end: () => {
      clearTimeout(timer);
      for (const each of [signal, closing]) each.removeEventListener('abort', end);
      end();
    },
  };
}
