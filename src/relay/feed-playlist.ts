import type { About, FeedItem } from '../media/rss-items.ts';
import type { Seconds } from '../units.ts';

/** One episode as the player's playlist has it. */
export interface PlaylistEntry {
  readonly title: string;
  readonly artist?: string;
  /** Address of a picture. */
  readonly artwork?: string;
  /** In the order a player should try them. */
  readonly sources: readonly PlaylistSource[];
  readonly duration?: Seconds;
}

export interface PlaylistSource {
  readonly src: string;
  readonly type: string;
}

/** An item of a feed as an entry; `sources` are the ways to play it. What the item does not say, the feed says. */
export function playlistEntry(
  { about, channel }: Pick<FeedItem, 'about' | 'channel'>,
  sources: readonly PlaylistSource[],
): PlaylistEntry {
  const artist = about.author ?? channel.author ?? channel.title;
  const artwork = [about.image, channel.image].find((url) => /^https?:\/\//i.test(url ?? ''));
  const duration = parseItunesDuration(about);
  return {
    title: about.title === undefined || about.title === '' ? (channel.title ?? '') : about.title,
    ...(artist === undefined ? {} : { artist }),
    ...(artwork === undefined ? {} : { artwork }),
    sources,
    ...(duration === null ? {} : { duration }),
  };
}

/** `1:02:03`, `62:03` or seconds. */
function parseItunesDuration({ duration = '' }: About): Seconds | null {
  const parts = /^(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6})(?:\.\d+)?$/.exec(duration.trim());
  if (parts === null) return null;
  const [, hours = '0', minutes = '0', seconds = '0'] = parts as readonly (string | undefined)[];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
