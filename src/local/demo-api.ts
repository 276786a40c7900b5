import { BatonError } from '../errors.ts';
import { formatRendition, renditionOf } from '../grid/rendition.ts';
import type { Keys } from '../sign/keys.ts';
import { publicLink, type LinkContent } from '../sign/link.ts';
import { slug } from '../sign/name.ts';
import { publisherToken } from '../sign/publisher-token.ts';
import type { Links } from '../ingest/message.ts';
import type { Seconds } from '../units.ts';
import type { DemoEpisode } from './demo-episode.ts';
import { BREAKS, type Breaks } from './demo-breaks.ts';
import { STATION } from './demo-radio.ts';
import { channelLinks } from '../relay/ingest-links.ts';
import { newFeedLink, newLink, newLiveLink } from './new-link.ts';

/** The demo episode, and where its origin has it. */
export interface Demo {
  readonly episode: DemoEpisode;
  /** Where the demo origin serves the episode. */
  readonly sourceUrl: string;
  /** Where it serves a feed with the episode. */
  readonly feedUrl: string;
  /** Where it is on air. */
  readonly radioUrl: string;
  readonly film: { readonly title: string; readonly url: string } | null;
  readonly breaks: Breaks;
}

/** What links are made with. */
export interface Signer {
  readonly keys: Keys;
  /** Of this server, for absolute links. */
  readonly origin: string;
  /** Unix time. */
  readonly now: () => Seconds;
}

/** What the demo page is told. */
export interface DemoDescription {
  readonly episode: {
    readonly title: string;
    readonly artist: string;
    readonly artwork: string;
    readonly sourceUrl: string;
    readonly sourceBytes: number;
  };
  readonly renditions: readonly DemoRendition[];
  /** The same episode as framed streams, which players try in this order. */
  readonly framed: readonly { readonly url: string; readonly type: string }[];
  /** The channel that relays the station of the demo. */
  readonly radio: { readonly name: string; readonly url: string; readonly embedUrl: string };
  /** The film as HLS, in every size and bitrate that is made of it. */
  readonly film: { readonly title: string; readonly url: string } | null;
  /** The feed as it is at its host, and through Baton. */
  readonly feed: { readonly sourceUrl: string; readonly url: string; readonly embedUrl: string };
}

/** One of the renditions that the demo page plays. */
export interface DemoRendition {
  readonly label: string;
  /** Path of a file link. */
  readonly url: string;
  /** Path of the framed stream of the same rendition; null where there is none. */
  readonly framedUrl: string | null;
  /** Path of an embed link. */
  readonly embedUrl: string;
  readonly options: string;
}

/** What the studio page is told. */
export interface StudioDescription {
  readonly station: string;
  /** Of the publisher. */
  readonly token: string;
  /** Where the show is heard. */
  readonly listen: Links;
}

/** Absolute public links. */
export interface MadeLink {
  readonly url: string;
  readonly framedUrl: string | null;
  readonly embedUrl: string;
  readonly options: string;
}

/** Where the server shows `episode.cover`. */
export const COVER_PATH = '/demo/cover';

const RENDITIONS: readonly (readonly [label: string, Readonly<Record<string, string>>])[] = [
  ['MP3 64k mono', { codec: 'mp3', bitrate: '64k', channels: 'mono' }],
  ['MP3 96k', { codec: 'mp3', bitrate: '96k' }],
  ['MP3 128k', { codec: 'mp3', bitrate: '128k' }],
  ['MP3 192k', { codec: 'mp3', bitrate: '192k' }],
  ['Opus 48k', { codec: 'opus', bitrate: '48k' }],
  ['Original', { codec: 'copy' }],
];

const FEED_RENDITION = { codec: 'mp3', bitrate: '96k' };

/** The answer to `GET /api/demo`: the episode, and links to its renditions. */
export function describeDemo({ episode, sourceUrl, feedUrl, radioUrl, film }: Demo, { keys }: Signer): DemoDescription {
  const { title, artist, bytes } = episode;
  const stream = (rendition: Readonly<Record<string, string>>): string =>
    newLink({ url: sourceUrl, rendition, name: title }, keys).framed ?? '';
  const feed = { url: feedUrl, rendition: FEED_RENDITION, name: title };
  const station = { url: radioUrl, rendition: { codec: 'aac', bitrate: '128k' }, name: STATION };
  const channel = newLiveLink(station, null, { frames: null, theme: null, lines: null }, keys);
  const list: LinkContent = {
    kind: 'embed',
    options: `${formatRendition(renditionOf(FEED_RENDITION))}~list.feed`,
    source: feedUrl,
    name: slug(title, 'html'),
  };
  return {
    episode: { title, artist, artwork: COVER_PATH, sourceUrl, sourceBytes: bytes },
    renditions: RENDITIONS.map(([label, rendition]) => {
      const { file, framed, embed, options } = newLink({ url: sourceUrl, rendition, name: title }, keys);
      return { label, url: file, framedUrl: framed, embedUrl: embed, options };
    }),
    framed: [
      { url: stream({ codec: 'opus', bitrate: '96k' }), type: 'audio/mp4; codecs="opus"' },
      { url: stream({ codec: 'aac', bitrate: '128k' }), type: 'audio/mp4; codecs="mp4a.40.2"' },
    ],
    radio: { name: STATION, url: channel.framed, embedUrl: channel.embed },
    film: film === null ? null : { title: film.title, url: hlsLink(film, keys) },
    feed: { sourceUrl: feedUrl, url: newFeedLink(feed, keys), embedUrl: publicLink(list, keys) },
  };
}

const hlsLink = ({ title, url }: { title: string; url: string }, keys: Keys): string =>
  publicLink({ kind: 'hls', options: '', source: url, name: slug(title, 'm3u8') }, keys);

const STUDIO = { channel: 'demo-studio', station: 'Baton Demo Studio' } as const;
const SHOW_LIFE: Seconds = 12 * 3600;

/** The answer to `GET /api/studio`: what it takes to go on air from the studio page, and to listen. */
export function describeStudio({ keys, origin, now }: Signer): StudioDescription {
  const { channel, station } = STUDIO;
  const token = publisherToken({ channel, expiresAt: now() + SHOW_LIFE }, keys, now());
  return { station, token, listen: channelLinks(channel, false, keys, { publicOrigin: origin }) };
}

/**
 * The answer to `POST /api/link`: public links for what the parsed body asks for, `url` and a rendition in the words of
 * `baton link`.
 * @throws OPTIONS_INVALID, SOURCE_URL_INVALID
 */
export function makeLink(body: unknown, { keys, origin }: Signer): MadeLink {
  const { url = '', name, ...rendition } = texts(body);
  const { file, framed, embed, options } = newLink({ url, rendition, name: name === '' ? undefined : name }, keys);
  return { url: origin + file, framedUrl: framed && origin + framed, embedUrl: origin + embed, options };
}

/**
 * The answer to `POST /api/break`: breaks what the parsed body names, and says what was done.
 * @throws OPTIONS_INVALID
 */
export async function breakIt(body: unknown, { breaks }: Demo): Promise<{ said: string }> {
  const { what } = texts(body);
  const known = BREAKS.find((name) => name === what);
  if (known === undefined) throw invalid(`what must be one of ${BREAKS.join(', ')}`);
  return { said: await breaks.break(known) };
}

/** The answer to `GET /api/feed`: the feed as its host publishes it, which the page may not ask by itself. */
export async function readFeed({ feedUrl }: Demo): Promise<string> {
  return (await fetch(feedUrl)).text();
}

function texts(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('the body must be a JSON object');
  const entries = Object.entries(body).filter(([, value]) => value !== null && value !== undefined);
  const wrong = entries.find(([, value]) => typeof value !== 'string');
  if (wrong !== undefined) throw invalid(`"${wrong[0]}" must be a text`);
  return Object.fromEntries(entries as [string, string][]);
}

const invalid = (detail: string): BatonError => new BatonError('OPTIONS_INVALID', detail);
