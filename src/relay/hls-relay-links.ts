import type { Replace } from '../hls/rewrite.ts';
import type { Reference } from '../hls/references.ts';
import { inherited, privateLink, publicLink, type Kind, type Link } from '../sign/link.ts';
import { extensionIn, slug } from '../sign/name.ts';
import type { Baton } from './baton.ts';
import { formatHlsRelayOptions } from './hls-relay-options.ts';
import { formatRawOptions } from './raw-options.ts';

/** From a playlist, which is four folders deep, to where all links begin. */
const UP = '../../../..';

/**
 * What takes the place of the addresses in the playlist that `playlist` is the link of: links that are public when that
 * is, else with its expiry, rounded up to the hour, and that hide their sources when it does. They are relative, so that
 * they hold under any host; `imports` goes with media playlists; `base` gives where links begin for the few that must be whole. Servers that steer players
 * between hosts of their own are left out: behind a relay there is one.
 */
export function relayLinks(
  playlist: Link,
  imports: string | null,
  base: () => string,
  { keys, now }: Pick<Baton, 'keys' | 'now'>,
): Replace {
  const seal = { encryptSource: isSealed(playlist) };
  const { expiresAt, scope } = playlist;
  const known = new Map<string, string>();

  function link(kind: Kind, options: string, source: string, extension: string): string {
    const content = { kind, options, source, name: slug(fileName(source), extension) };
    if (expiresAt === null) return publicLink(content, keys, seal);
    const access = { expiresAt: inherited(expiresAt, now() / 1000), scope: scope ?? 'hls' };
    return privateLink(content, access, keys, now() / 1000, seal);
  }

  function pathTo(source: string, { role, tag }: Reference): string {
    if (role !== 'playlist') return link('raw', ONCE, source, role === 'key' ? 'key' : extensionIn(source));
    if (tag === DATE_RANGE) return link('hls', ANY_LIST, source, 'm3u8');
    const list = { ...NO_FILTER, isMedia: true, imports: source.length > LONG ? null : imports };
    return link('hls', formatHlsRelayOptions(list), source, 'm3u8');
  }

  return (source, reference) => {
    if (reference.role === 'steering') return null;
    const { role, tag } = reference;
    const key = `${role === 'playlist' ? tag === DATE_RANGE : role === 'key'} ${role === 'playlist'} ${source}`;
    const path = known.get(key) ?? pathTo(source, reference);
    known.set(key, path);
    return tag === DATE_RANGE ? base() + path : UP + path;
  };
}

/** Whether a link hides its source. */
export const isSealed = ({ rest }: Pick<Link, 'rest'>): boolean => rest.split('/')[1]?.startsWith('~') === true;

/** Its addresses are absolute (draft-pantos-hls-rfc8216bis appendix D.2). */
const DATE_RANGE = 'EXT-X-DATERANGE';
const NO_FILTER = { maxHeight: null, maxBitrate: null, audioOnly: false };
const ANY_LIST = formatHlsRelayOptions({ ...NO_FILTER, isMedia: false, imports: null });
/** A link to a longer one has no room for anything else. */
const LONG = 4_000;
const ONCE = formatRawOptions({ disposition: null, mayRedirect: false, readsOnce: true });

/** Without its extension. */
function fileName(source: string): string {
  const path = URL.parse(source)?.pathname ?? '';
  return /([^/]*?)(?:\.[A-Za-z0-9]{1,5})?\/*$/.exec(path)?.[1] ?? '';
}
