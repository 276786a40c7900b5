import { BatonError } from '../errors.ts';
import type { Keys } from '../sign/keys.ts';
import type { DemoEpisode } from './demo-episode.ts';
import { newLink } from './new-link.ts';

/** The demo episode, and where its origin has it. */
export interface Demo {
  readonly episode: DemoEpisode;
  /** Where the demo origin serves the episode. */
  readonly sourceUrl: string;
}

/** What links are made with. */
export interface Signer {
  readonly keys: Keys;
  /** Of this server, for absolute links. */
  readonly origin: string;
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
}

/** One of the renditions that the demo page plays. */
export interface DemoRendition {
  readonly label: string;
  /** Path of a file link. */
  readonly url: string;
  /** Path of an embed link. */
  readonly embedUrl: string;
  readonly options: string;
}

/** Absolute public links. */
export interface MadeLink {
  readonly url: string;
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
  ['Original', { codec: 'copy' }],
];

/** The answer to `GET /api/demo`: the episode, and links to its renditions. */
export function describeDemo({ episode, sourceUrl }: Demo, { keys }: Signer): DemoDescription {
  const { title, artist, bytes } = episode;
  return {
    episode: { title, artist, artwork: COVER_PATH, sourceUrl, sourceBytes: bytes },
    renditions: RENDITIONS.map(([label, rendition]) => {
      const { file, embed, options } = newLink({ url: sourceUrl, rendition, name: title }, keys);
      return { label, url: file, embedUrl: embed, options };
    }),
  };
}

/**
 * The answer to `POST /api/link`: public links for what the parsed body asks for, `url` and a rendition in the words of
 * `baton link`.
 * @throws OPTIONS_INVALID, SOURCE_URL_INVALID
 */
export function makeLink(body: unknown, { keys, origin }: Signer): MadeLink {
  const { url = '', name, ...rendition } = texts(body);
  const { file, embed, options } = newLink({ url, rendition, name: name === '' ? undefined : name }, keys);
  return { url: origin + file, embedUrl: origin + embed, options };
}

function texts(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('the body must be a JSON object');
  const entries = Object.entries(body).filter(([, value]) => value !== null && value !== undefined);
  const wrong = entries.find(([, value]) => typeof value !== 'string');
  if (wrong !== undefined) throw invalid(`"${wrong[0]}" must be a text`);
  return Object.fromEntries(entries as [string, string][]);
}

const invalid = (detail: string): BatonError => new BatonError('OPTIONS_INVALID', detail);
