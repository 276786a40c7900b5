import { FILE_KINDS, usualContainer, type Container } from '../grid/container.ts';
import { withPictures } from '../grid/picture-option.ts';
import { formatRendition, parseRendition, type CodedRendition, type Rendition } from '../grid/rendition.ts';
import { inherited, privateLink, publicLink, type Link } from '../sign/link.ts';
import { secretOf } from '../sign/keys.ts';
import type { Kbps } from '../units.ts';
import type { Baton } from './baton.ts';
import { formatLiveOptions, parseLiveOptions, type LiveOptions } from './live-options.ts';

/** One way to play what a page is about, as a `source` element has it. */
export interface Playable {
  /** Path of a file link. */
  readonly path: string;
  readonly type: string;
}

const LEAST_KBPS: Kbps = 32;
const MOST_AAC_KBPS: Kbps = 256;

/**
 * The files behind a page in the order a player should try them: framed streams, which survive anything, then a plain
 * file for browsers without Media Source; before them a film with pictures of at most `lines`. Public when the page is, else with its expiry, rounded up to the hour.
 *
 * @throws OPTIONS_INVALID
 */
export function playables(
  page: Link,
  options: string,
  lines: number | null,
  baton: Pick<Baton, 'keys' | 'now'>,
): readonly Playable[] {
  const rendition = parseRendition(options);
  const link = (wanted: Rendition, container: Container, codecs?: string): Playable => {
    const { extension, type } = FILE_KINDS[container];
    const path = linkOf('file', page, formatRendition(wanted), extension, baton);
    return { path, type: codecs === undefined ? type : `${type}; codecs="${codecs}"` };
  };
  if (rendition.codec === 'copy' || rendition.codec === 'pcm') return [link(rendition, usualContainer(rendition))];
  const as = (codec: CodedRendition['codec'], kbps: Kbps): CodedRendition => ({ ...rendition, codec, kbps });
  const least = Math.max(LEAST_KBPS, rendition.kbps);
  const aac = as('aac', Math.min(MOST_AAC_KBPS, least));
  const ways = [link(aac, 'mp4', 'mp4a.40.2'), link(as('mp3', least), 'mp3')];
  const sounds = rendition.codec === 'opus' ? [link(rendition, 'mp4', 'opus'), ...ways] : ways;
  if (lines === null) return sounds;
  const path = linkOf('file', page, withPictures(formatRendition(aac), `${lines}p`), 'mp4', baton);
  return [{ path, type: FILM }, ...sounds];
}

/** Of at most 1080 lines; which it will be is not known yet. */
const FILM = 'video/mp4; codecs="avc1.640028,mp4a.40.2"';

/**
 * The channel behind a page: its framed stream in the rendition that was asked for, if need be in AAC, then frames without
 * end for browsers without Media Source. Links as for files.
 *
 * @throws OPTIONS_INVALID
 */
export function livePlayables(page: Link, options: string, baton: Pick<Baton, 'keys' | 'now'>): readonly Playable[] {
  const { keys } = baton;
  const { rendition, lines, fallback } = parseLiveOptions(options, secretOf(keys, page.kid));
  const link = (wanted: LiveOptions['rendition'], extension: string, type: string): Playable => {
    const text = formatLiveOptions(
      { rendition: wanted, lines: extension === 'mp4' ? lines : null, fallback },
      secretOf(keys, keys.current),
      isSealed(page),
    );
    return { path: linkOf('live', page, text, extension, baton), type };
  };
  if (rendition.codec === 'copy') return [link(rendition, 'mp3', 'audio/mpeg')];
  const as = (codec: CodedRendition['codec'], kbps: Kbps): CodedRendition => ({ ...rendition, codec, kbps });
  const least = Math.max(LEAST_KBPS, rendition.kbps);
  const ways = [
    link(as('aac', Math.min(MOST_AAC_KBPS, least)), 'mp4', 'audio/mp4; codecs="mp4a.40.2"'),
    link(as('mp3', least), 'mp3', 'audio/mpeg'),
  ];
  return rendition.codec === 'opus' ? [link(rendition, 'mp4', 'audio/mp4; codecs="opus"'), ...ways] : ways;
}

/** What the page's own link hides, the page hides. */
const isSealed = ({ rest }: Link): boolean => rest.split('/')[1]?.startsWith('~') === true;

function linkOf(
  kind: 'file' | 'live',
  page: Link,
  options: string,
  extension: string,
  { keys, now }: Pick<Baton, 'keys' | 'now'>,
): string {
  const { source, expiresAt, scope } = page;
  const name = page.name.replace(/(\.html)?$/, `.${extension}`);
  const content = { kind, options, source, name } as const;
  const seal = { encryptSource: isSealed(page) };
  if (expiresAt === null) return publicLink(content, keys, seal);
  const access = { expiresAt: inherited(expiresAt, now() / 1000), scope: scope ?? 'embed' };
  return privateLink(content, access, keys, now() / 1000, seal);
}
