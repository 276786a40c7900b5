import { hasCode } from '../errors.ts';
import { feedScanner } from '../media/rss.ts';
import { feedText, SNIFFED } from '../media/feed-text.ts';
import type { FeedItem } from '../media/rss-items.ts';
import type { Link } from '../sign/link.ts';
import { slug } from '../sign/name.ts';
import { take } from '../source/take.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { cacheControl } from './cache-control.ts';
import { playables, type Playable } from './embed-sources.ts';
import { smallReply } from './feed-chapters.ts';
import type { FeedOptions } from './feed-options.ts';
import { playlistEntry, type PlaylistEntry } from './feed-playlist.ts';
import { enclosureSource } from './feed-source.ts';
import { openUpstream } from './feed-upstream.ts';
import type { Reply, Request } from './reply.ts';

/** The first episodes of a feed as JSON. Nobody looks at their sources: a player finds out when it plays one. */
export async function feedPlaylist(
  options: FeedOptions,
  base: string,
  link: Link,
  request: Request,
  baton: Baton,
  { meter }: Notes,
): Promise<Reply> {
  const { entries } = await readPlaylist(options, base, link, request.signal, baton, meter);
  const cached = cacheControl(baton.config.revalidateMs / 1000, link, baton.now());
  return smallReply(JSON.stringify(entries), 'application/json; charset=utf-8', cached, request);
}

/** The first episodes of a feed. */
export interface Playlist {
  /** Of the feed, where it says so before its first episode. */
  readonly title: string | undefined;
  readonly entries: readonly PlaylistEntry[];
}

/** The episodes of the feed that `link` has for its source. Throws FEED_INVALID, FEED_DTD, and as `openUpstream`. */
export async function readPlaylist(
  { rendition, items }: Pick<FeedOptions, 'rendition' | 'items'>,
  base: string,
  link: Link,
  signal: AbortSignal,
  baton: Baton,
  meter: Notes['meter'],
): Promise<Playlist> {
  const upstream = await openUpstream(baton.net, link.source, null, signal, meter);
  const entries: PlaylistEntry[] = [];
  let title: string | undefined;
  if (upstream === null) return { title, entries };
  try {
    for await (const item of itemsOf(upstream.body)) {
      title ??= item.channel.title;
      const source = item.enclosures.map((enclosure) => enclosureSource(enclosure, base)).find((url) => url !== null);
      if (source == null) continue;
      const name = slug(item.about.title ?? '', 'html');
      const ways = waysTo({ ...link, source, name }, rendition ?? '', baton);
      if (ways === null) continue;
      entries.push(
        playlistEntry(
          item,
          ways.map(({ path, type }) => ({ src: base + path, type })),
        ),
      );
      if (entries.length === items) break;
    }
    return { title, entries };
  } finally {
    await upstream.body.return();
  }
}

/** Null for a source whose address is too long for a link. */
function waysTo(episode: Link, rendition: string, baton: Baton): readonly Playable[] | null {
  try {
    return playables(episode, rendition, null, baton);
  } catch (error) {
    if (hasCode(error, 'SOURCE_URL_INVALID')) return null;
    throw error;
  }
}

async function* itemsOf(body: AsyncGenerator<Uint8Array, void>): AsyncGenerator<FeedItem, void> {
  const head = await take(body, SNIFFED);
  const text = feedText(head);
  const scanner = feedScanner((stretch) => text.decode(stretch));
  for (
    let next: IteratorResult<Uint8Array, void> = { done: false, value: head };
    next.done !== true;
    next = await body.next()
  )
    for (const part of scanner.write(text.read(next.value))) if (part.kind === 'item') yield part;
  scanner.end();
}
