import { BatonError } from '../errors.ts';
import { FILE_KINDS, usualContainer, type FileKind } from '../grid/container.ts';
import { parseRendition, type Rendition } from '../grid/rendition.ts';
import { inherited, privateLink, publicLink, type Kind, type Link } from '../sign/link.ts';
import { slug } from '../sign/name.ts';
import type { Kbps } from '../units.ts';
import type { Baton } from './baton.ts';
import { formatEmbedOptions } from './embed-options.ts';
import { chaptersOptions } from './feed-options.ts';
import { publicBase } from './public-base.ts';
import type { Request } from './reply.ts';

/** What is said of the files of a rendition. */
export interface RenditionKind extends FileKind {
  readonly codec: Rendition['codec'];
  /** 0 where that is not chosen. */
  readonly kbps: Kbps;
}

/** Makes the addresses that a feed names. Each is null for a source that no link can be made for. */
export interface FeedLinks {
  kind(rendition: string): RenditionKind;
  file(source: string, rendition: string): string | null;
  chapters(source: string, rendition: string): string | null;
  /** The HLS of an episode. */
  hls(source: string, options: string): string | null;
  /** A station as HLS, and a page that plays it. */
  station(source: string): { readonly hls: string; readonly page: string } | null;
}

/**
 * Links in the feed that `feed` is the link of: public when that is, else with its expiry, rounded up to the hour. They
 * are named after the file of the source, so that they stay the same when an episode gets another title.
 */
export function feedLinks(feed: Link, base: string, { keys, now }: Pick<Baton, 'keys' | 'now'>): FeedLinks {
  const seal = { encryptSource: feed.rest.split('/')[1]?.startsWith('~') === true }; // what the feed's own link hides, the feed hides
  const { expiresAt, scope } = feed;
  const kinds = new Map<string, RenditionKind>();

  function kind(options: string): RenditionKind {
    const known = kinds.get(options);
    if (known !== undefined) return known;
    const rendition = parseRendition(options);
    const { codec } = rendition;
    const found = { ...FILE_KINDS[usualContainer(rendition)], codec, kbps: 'kbps' in rendition ? rendition.kbps : 0 };
    kinds.set(options, found);
    return found;
  }

  function link(of: Kind, source: string, options: string, extension: string): string | null {
    const content = { kind: of, options, source, name: slug(fileName(source), extension) };
    try {
      if (expiresAt === null) return base + publicLink(content, keys, seal);
      const access = { expiresAt: inherited(expiresAt, now() / 1000), scope: scope ?? 'feed' };
      return base + privateLink(content, access, keys, now() / 1000, seal);
    } catch {
      return null;
    }
  }

  return {
    kind,
    file: (source, rendition) => link('file', source, rendition, kind(rendition).extension),
    chapters: (source, rendition) => link('feed', source, chaptersOptions(rendition), 'json'),
    hls: (source, options) => link('hls', source, options, 'm3u8'),
    station: (source) => {
      const [hls, page] = [link('hls', source, STATION, 'm3u8'), link('embed', source, STATION_PAGE, 'html')];
      return hls === null || page === null ? null : { hls, page };
    },
  };
}

/** In one rendition, since each one that somebody listens to is made by itself. */
const STATION = 'mode.live~bitrate.128k';
const STATION_PAGE = formatEmbedOptions({
  rendition: 'codec.aac~bitrate.128k',
  kind: 'live',
  frames: null,
  theme: null,
  lines: null,
});

/**
 * What the links of a feed start with. On functions the host of a request is not the listener's.
 * @throws CONFIG_INVALID
 */
export function feedBase(request: Request, { config }: Pick<Baton, 'config'>): string {
  const isTold = config.publicOrigin !== null || (config.trustEdge && request.headers['x-baton-host'] !== undefined);
  if (config.packageFolder !== null && !isTold)
    throw new BatonError('CONFIG_INVALID', 'BATON_PUBLIC_ORIGIN must be set for feeds on functions');
  return publicBase(request, config);
}

/** Without its extension. */
function fileName(source: string): string {
  const segment =
    URL.parse(source)
      ?.pathname.split('/')
      .findLast((part) => part !== '') ?? '';
  try {
    return decodeURIComponent(segment).replace(/\.[A-Za-z0-9]{1,5}$/, '');
  } catch {
    return segment;
  }
}
