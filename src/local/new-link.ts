import { BatonError } from '../errors.ts';
import { FILE_KINDS, usualContainer } from '../grid/container.ts';
import { splitPictures, withPictures } from '../grid/picture-option.ts';
import { formatRendition, renditionOf, type Rendition } from '../grid/rendition.ts';
import type { VariantFilter } from '../hls/filter.ts';
import { s3Object } from '../net/s3-source.ts';
import { formatEmbedOptions, parseEmbedOptions, type EmbedOptions } from '../relay/embed-options.ts';
import { formatLiveOptions, parseLiveOptions } from '../relay/live-options.ts';
import { parseFeedOptions } from '../relay/feed-options.ts';
import {
  formatHlsFileOptions,
  formatHlsLiveOptions,
  hlsFileOptionsOf,
  parseHlsLiveOptions,
} from '../relay/hls-options.ts';
import { formatHlsRelayOptions, parseHlsRelayOptions } from '../relay/hls-relay-options.ts';
import { formatRawOptions, type RawOptions } from '../relay/raw-options.ts';
import { isShowAddress } from '../show-address.ts';
import { secretOf, type Keys } from '../sign/keys.ts';
import { privateLink, publicLink, type Access, type Kind } from '../sign/link.ts';
import { sealSource } from '../sign/seal.ts';
import { extensionIn, slug } from '../sign/name.ts';
import type { Kbps, Seconds } from '../units.ts';
import { parseTime } from './time-text.ts';

/** What a person says of the link they want; times as in `parseTime`. */
export interface LinkAsk {
  readonly url: string;
  /** `codec`, `bitrate`, `channels`, `start`, `end`. */
  readonly rendition: Readonly<Record<string, string | undefined>>;
  /** Title for the last part of the path; by default the file name of the source. */
  readonly name?: string | undefined;
  readonly encryptSource?: boolean;
  /** The most lines of the pictures in the stream, such as `480p`. */
  readonly video?: string | undefined;
  /** Makes the link private, counted from `now`. */
  readonly access?: (Access & { readonly now: Seconds }) | undefined;
}

/** The same rendition under both addresses. */
export interface NewLink {
  /** Path of the virtual file. */
  readonly file: string;
  /** Path of the stream that the player prefers to it; null where nothing is encoded for it. */
  readonly framed: string | null;
  /** Path of a page with the player for it. */
  readonly embed: string;
  /** The rendition as it stands in the link. */
  readonly options: string;
}

/**
 * The signed paths for a rendition of a source.
 * @throws OPTIONS_INVALID, SOURCE_URL_INVALID
 */
export function newLink(ask: LinkAsk, keys: Keys): NewLink {
  const { path, rendition, options } = paths(ask, keys);
  const stream = framedRendition(rendition);
  return {
    file: path('file', FILE_KINDS[usualContainer(rendition)].extension),
    framed: stream && path('file', FILE_KINDS.mp4.extension, streamOptions(formatRendition(stream), ask.video)),
    embed: path('embed', 'html'),
    options,
  };
}

const streamOptions = (sound: string, video: string | undefined): string =>
  video === undefined ? sound : withPictures(sound, video);

/** A station in a rendition. */
export interface NewLiveLink {
  /** Path of the frames without end, with titles; null for Opus. */
  readonly endless: string | null;
  /** Path of the stream that the player takes in legs. */
  readonly framed: string;
  /** Path of a page with the player for it. */
  readonly embed: string;
}

/**
 * The signed paths of the channel that relays the station at `ask.url`, and `fallback` while that is away.
 * @throws as `newLink`; OPTIONS_INVALID for what a channel cannot be
 */
export function newLiveLink(
  ask: LinkAsk,
  fallback: string | null,
  how: Omit<EmbedOptions, 'rendition' | 'kind'>,
  keys: Keys,
): NewLiveLink {
  const { path, rendition } = paths(ask, keys);
  const secret = secretOf(keys, keys.current);
  const encrypt = ask.encryptSource ?? false;
  const channel = (of: Rendition, video?: string): string => {
    const { rendition: checked, lines } = parseLiveOptions(streamOptions(formatRendition(of), video), secret);
    return formatLiveOptions({ rendition: checked, lines, fallback }, secret, encrypt);
  };
  const extension = EXTENSIONS[rendition.codec];
  const page = formatEmbedOptions({ ...how, rendition: channel(rendition), kind: 'live' });
  parseEmbedOptions(page);
  return {
    endless: extension === undefined ? null : path('live', extension, channel(rendition)),
    framed: path('live', 'mp4', channel(framedRendition(rendition) ?? rendition, ask.video)),
    embed: path('embed', 'html', page),
  };
}

const EXTENSIONS: Readonly<Partial<Record<string, string>>> = { mp3: 'mp3', aac: 'aac', copy: 'mp3' };

const MOST_AAC_KBPS: Kbps = 256;

/** MP3 has no place in fragments that every browser takes; AAC of the same rate has. */
function framedRendition(rendition: Rendition): Rendition | null {
  if (rendition.codec === 'copy' || rendition.codec === 'pcm') return null;
  if (rendition.codec === 'opus' || rendition.codec === 'aac') return rendition;
  return { ...rendition, codec: 'aac', kbps: Math.min(MOST_AAC_KBPS, rendition.kbps) };
}

/**
 * The signed path of a page with the player for what is at `ask.url`, an episode or a podcast feed.
 * @throws as `newLink`
 */
export function newPageLink(ask: LinkAsk, how: Omit<EmbedOptions, 'rendition'>, keys: Keys): string {
  const { path, options } = paths(ask, keys);
  const all = formatEmbedOptions({ ...how, rendition: options });
  parseEmbedOptions(all);
  return path('embed', 'html', all);
}

/** What a feed offers besides its episodes in one rendition. */
export interface FeedAsk {
  readonly alternates?: string | undefined;
  /** Whether each episode is offered as HLS, too. */
  readonly hls?: boolean;
  /** A station that is listed as live. */
  readonly station?: string | undefined;
}

/**
 * The signed path of the podcast feed at `ask.url` with such renditions of its episodes, and such others besides as
 * `parseFeedOptions` says.
 * @throws as `newLink`
 */
export function newFeedLink(
  ask: LinkAsk,
  keys: Keys,
  { alternates = 'all', hls = false, station }: FeedAsk = {},
): string {
  const { path, options } = paths(ask, keys);
  const pairs = [options];
  if (alternates !== 'all') pairs.push(`alternates.${alternates}`);
  if (hls) pairs.push('hls.yes');
  const secret = secretOf(keys, keys.current);
  if (station !== undefined)
    pairs.push(`station.${sealSource(station, secret, ask.encryptSource ?? false).replace(/^~/, '.')}`);
  const all = pairs.join('~');
  parseFeedOptions(all);
  return path('feed', 'xml', all);
}

/** HLS of a channel instead of a file. */
export interface HlsChannel {
  readonly fallback: string | null;
  /** Whether listeners can go back as far as the channel is kept. */
  readonly hasDvr: boolean;
}

/**
 * The signed path of what is at `ask.url` as HLS, in AAC or Opus: in the bitrate that is asked for, else in several. A file
 * has its pictures by itself, a channel those of `ask.video`.
 * @throws as `newLink`; OPTIONS_INVALID for what a channel cannot be
 */
export function newHlsLink(ask: LinkAsk, channel: HlsChannel | null, keys: Keys): string {
  const { codec, bitrate, channels, start, end } = ask.rendition;
  const sound = codec === 'mp3' ? undefined : codec; // the usual codec of other links
  const parts = { codec: sound, bitrate, channels, start: milliseconds(start), end: milliseconds(end) };
  const { audio } = hlsFileOptionsOf(parts);
  const { path } = paths({ ...ask, rendition: { codec: 'copy' } }, keys);
  if (channel === null) return path('hls', 'm3u8', formatHlsFileOptions({ audio }));
  const secret = secretOf(keys, keys.current);
  const { lines } = splitPictures(streamOptions('mode.live', ask.video));
  const options = formatHlsLiveOptions({ audio, lines, ...channel }, secret, ask.encryptSource ?? false);
  parseHlsLiveOptions(options, secret);
  return path('hls', 'm3u8', options);
}

/**
 * The signed path of what is at `ask.url`, as it is.
 * @throws as `newLink`
 */
export function newRawLink(ask: LinkAsk, how: RawOptions, keys: Keys): string {
  const { path } = paths(ask, keys);
  return path('raw', extensionIn(ask.url), formatRawOptions(how));
}

/**
 * The signed path of a relay of the HLS playlist at `ask.url`, with the variants that `filter` leaves.
 * @throws as `newLink`
 */
export function newRelayLink(ask: LinkAsk, filter: VariantFilter, keys: Keys): string {
  const { path } = paths(ask, keys);
  const options = formatHlsRelayOptions({ ...filter, isMedia: false, imports: null });
  parseHlsRelayOptions(options);
  return path('hls', 'm3u8', options);
}

interface Paths {
  /** With the options of the link, or others. */
  readonly path: (kind: Kind, extension: string, others?: string) => string;
  readonly rendition: Rendition;
  readonly options: string;
}

function paths(ask: LinkAsk, keys: Keys): Paths {
  if (URL.canParse(ask.url) && new URL(ask.url).protocol === 's3:') s3Object(new URL(ask.url)); // throws for what is no key
  const { start, end, ...parts } = ask.rendition;
  const rendition = renditionOf({ ...parts, start: milliseconds(start), end: milliseconds(end) });
  const options = formatRendition(rendition);
  const title = ask.name ?? titleOf(ask.url);
  const seal = { encryptSource: ask.encryptSource ?? false };
  const path: Paths['path'] = (kind, extension, others = options) => {
    const content = { kind, options: others, source: ask.url, name: slug(title, extension) };
    if (ask.access === undefined) return publicLink(content, keys, seal);
    return privateLink(content, ask.access, keys, ask.access.now, seal);
  };
  return { path, rendition, options };
}

const milliseconds = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : `${parseTime(text)}ms`;

/** The file name in the URL, without its extension. */
function titleOf(url: string): string {
  if (!URL.canParse(url)) throw new BatonError('SOURCE_URL_INVALID', `"${url}" is no address`);
  const { host, pathname } = new URL(url);
  if (isShowAddress(url) && pathname === '') return host;
  const segment = pathname.split('/').findLast((part) => part !== '') ?? '';
  try {
    return decodeURIComponent(segment).replace(/\.[A-Za-z0-9]{1,5}$/, '');
  } catch {
    return segment;
  }
}
