import { createHash } from 'node:crypto';
import type { BatonError } from '../errors.ts';
import type { Playable } from './embed-sources.ts';

/** What a page says before its source has answered. */
export interface Shell {
  /** From the link, until the real one is known. */
  readonly title: string;
  /** File name of the page, which its own relative links begin with. */
  readonly name: string;
  readonly playables: readonly Playable[];
  readonly theme: 'dark' | 'light' | null;
  /** More of the head: for readers that wait, the description of the source. */
  readonly head: string;
}

/** What became known of the source. */
export interface Details {
  readonly title?: string | undefined;
  readonly artist?: string | undefined;
  /** Relative to the page. */
  readonly artwork?: string | undefined;
  /** Seconds. */
  readonly duration?: number | undefined;
  /** Seconds. */
  readonly chapters?: readonly { readonly start: number; readonly end: number; readonly title: string }[];
  readonly playlist?: readonly object[];
}

/** From a page to the server's root: four segments of its path are its own. */
export const ROOT = '../../../..';

const STYLE =
  'html,body{margin:0;min-height:100%;font:16px/1.5 system-ui,sans-serif}baton-player{display:block;width:100%;min-height:9rem}' +
  'baton-player[hidden],baton-player:defined~.about{display:none}.about{padding:1rem}.about h1{font-size:1.1rem;margin:0}' +
  '.failure{margin:1rem;padding:.75rem 1rem;border-inline-start:4px solid #c33;background:#c332}';

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Nothing but the player's own scripts and what it plays, from this origin. */
export const contentSecurityPolicy = (frameAncestors: string | null): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'sha256-${STYLE_HASH}'`,
    "img-src 'self' data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    ...(frameAncestors === null ? [] : [`frame-ancestors ${frameAncestors}`]),
  ].join('; ');

/**
 * The page as far as it can be written at once: the player begins with it while the rest is on its way. It speaks the
 * listener's language, which is not told by a page whose own words are English.
 */
export function shellHtml({ title, name, playables, theme, head }: Shell): string {
  const sources = playables.map(({ path, type }) => `<source src="${ROOT}${path}" type="${escapeHtml(type)}">`);
  const plain = playables.at(-1);
  const noScript =
    plain === undefined
      ? ''
      : `<noscript><audio controls preload="none" src="${ROOT}${plain.path}"></audio></noscript>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="${theme ?? 'light dark'}">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="alternate" type="application/json+oembed" href="${escapeHtml(name)}/oembed.json" title="${escapeHtml(title)}">
${head}<style>${STYLE}</style>
<script type="module" async src="${ROOT}/player/frame.js"></script>
</head>
<body>
<baton-player lang="" title="${escapeHtml(title)}" deep-link${theme === null ? '' : ` theme="${theme}"`}>${sources.join('')}</baton-player>
${noScript}`;
}

/** The rest of a page whose source answered; data for the player's script, and words for readers without it. */
export function detailsHtml(details: Details): string {
  const { title, artist, chapters = [] } = details;
  const marks = chapters.map(
    (chapter) => `<li><a href="#t=${Math.floor(chapter.start)}">${escapeHtml(chapter.title)}</a></li>`,
  );
  const about = [
    ...(title === undefined ? [] : [`<h1>${escapeHtml(title)}</h1>`]),
    ...(artist === undefined ? [] : [`<p>${escapeHtml(artist)}</p>`]),
    ...(marks.length === 0 ? [] : [`<ol>${marks.join('')}</ol>`]),
  ].join('\n');
  return `<section class="about">${about}</section>\n${dataHtml(details)}</body>\n</html>\n`;
}

/** The rest of a page whose source cannot be played. */
export function failureHtml({ code, message, status }: BatonError): string {
  return `<p class="failure" role="alert">${escapeHtml(message)} <small>(${code})</small></p>\n${dataHtml({ error: { code, message, status } })}</body>\n</html>\n`;
}

/** A data block is not run, whatever it holds; it must not end before its end. */
const dataHtml = (data: object): string =>
  `<script type="application/json" id="details">${JSON.stringify(data).replace(/</g, '\\u003c')}</script>\n`;

/** For text and for attributes in double quotes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
