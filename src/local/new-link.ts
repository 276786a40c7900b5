import { BatonError } from '../errors.ts';
import { formatRendition, renditionOf } from '../grid/rendition.ts';
import { s3Object } from '../net/s3-source.ts';
import type { Keys } from '../sign/keys.ts';
import { privateLink, publicLink, type Access } from '../sign/link.ts';
import { slug } from '../sign/name.ts';
import type { Seconds } from '../units.ts';
import { parseTime } from './time-text.ts';

/** What a person says of the link they want; times as in `parseTime`. */
export interface LinkAsk {
  readonly url: string;
  /** `codec`, `bitrate`, `channels`, `start`, `end`. */
  readonly rendition: Readonly<Record<string, string | undefined>>;
  /** Title for the last part of the path; by default the file name of the source. */
  readonly name?: string | undefined;
  readonly encryptSource?: boolean;
  /** Makes the link private, counted from `now`. */
  readonly access?: (Access & { readonly now: Seconds }) | undefined;
}

/** The same rendition under both addresses. */
export interface NewLink {
  /** Path of the virtual file. */
  readonly file: string;
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
  if (URL.canParse(ask.url) && new URL(ask.url).protocol === 's3:') s3Object(new URL(ask.url)); // throws for what is no key
  const { start, end, ...parts } = ask.rendition;
  const rendition = renditionOf({ ...parts, start: milliseconds(start), end: milliseconds(end) });
  const options = formatRendition(rendition);
  const title = ask.name ?? titleOf(ask.url);
  const seal = { encryptSource: ask.encryptSource ?? false };
  const path = (kind: 'file' | 'embed', extension: string): string => {
    const content = { kind, options, source: ask.url, name: slug(title, extension) };
    if (ask.access === undefined) return publicLink(content, keys, seal);
    return privateLink(content, ask.access, keys, ask.access.now, seal);
  };
  return { file: path('file', 'mp3'), embed: path('embed', 'html'), options };
}

const milliseconds = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : `${parseTime(text)}ms`;

/** The file name in the URL, without its extension. */
function titleOf(url: string): string {
  if (!URL.canParse(url)) throw new BatonError('SOURCE_URL_INVALID', `"${url}" is no address`);
  const segment = new URL(url).pathname.split('/').findLast((part) => part !== '') ?? '';
  try {
    return decodeURIComponent(segment).replace(/\.[A-Za-z0-9]{1,5}$/, '');
  } catch {
    return segment;
  }
}
