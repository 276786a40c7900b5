import type { ImageSize } from '../media/image-size.ts';
import type { Tags } from '../media/tags.ts';
import { escapeHtml } from './embed-page.ts';

/** Where a page and what belongs to it can be reached; absolute. */
export interface Card {
  readonly pageUrl: string;
  /** A plain file, for readers that play audio themselves; null for a feed. */
  readonly audio: { readonly url: string; readonly type: string } | null;
  readonly artwork: { readonly url: string; readonly size: ImageSize | null } | null;
  readonly title: string;
  readonly artist: string | undefined;
}

export const CARD_WIDTH = 640;
export const CARD_HEIGHT = 200;

/** Readers that look at the head of a page once, to show it as a card (Open Graph, oEmbed). */
export const isCardReader = (userAgent: string | undefined): boolean =>
  /bot\b|crawler|spider|facebookexternalhit|embedly|iframely|whatsapp|slack|skypeuripreview|telegram|mastodon|pinterest|vkshare/i.test(
    userAgent ?? '',
  );

/** The Open Graph description of a page, with its player card (ogp.me; X's player card). */
export function cardHtml({ pageUrl, audio, artwork, title, artist }: Card): string {
  const properties: readonly (readonly [string, string | null | undefined])[] = [
    ['og:type', 'music.song'],
    ['og:title', title],
    ['og:description', artist],
    ['og:url', pageUrl],
    ['og:image', artwork?.url],
    ['og:audio', audio?.url],
    ['og:audio:type', audio?.type],
    ['og:video', pageUrl],
    ['og:video:type', 'text/html'],
    ['og:video:width', String(CARD_WIDTH)],
    ['og:video:height', String(CARD_HEIGHT)],
  ];
  const names: readonly (readonly [string, string | null | undefined])[] = [
    ['twitter:card', 'player'],
    ['twitter:title', title],
    ['twitter:description', artist],
    ['twitter:image', artwork?.url],
    ['twitter:player', pageUrl],
    ['twitter:player:width', String(CARD_WIDTH)],
    ['twitter:player:height', String(CARD_HEIGHT)],
  ];
  return [...properties.map(meta('property')), ...names.map(meta('name'))].join('');
}

const meta =
  (attribute: string) =>
  ([name, content]: readonly [string, string | null | undefined]): string =>
    content == null ? '' : `<meta ${attribute}="${name}" content="${escapeHtml(content)}">\n`;

/** The oEmbed answer for a page (oembed.com 2.3.4.4), within the size that the reader allows. */
export function oembed(card: Card, most: { readonly width: number; readonly height: number }): object {
  const width = Math.min(CARD_WIDTH, most.width);
  const height = Math.min(CARD_HEIGHT, most.height);
  const frame = `<iframe src="${escapeHtml(card.pageUrl)}" title="${escapeHtml(card.title)}" width="${width}" height="${height}" style="border:0" allow="autoplay; encrypted-media; fullscreen; picture-in-picture" loading="lazy"></iframe>`;
  return {
    version: '1.0',
    type: 'rich',
    provider_name: 'Baton',
    title: card.title,
    ...(card.artist === undefined ? {} : { author_name: card.artist }),
    ...thumbnail(card),
    cache_age: 300,
    html: frame,
    width,
    height,
  };
}

/** The specification asks for all three or none. */
const thumbnail = ({ artwork }: Card): object =>
  artwork?.size == null
    ? {}
    : { thumbnail_url: artwork.url, thumbnail_width: artwork.size.width, thumbnail_height: artwork.size.height };

/** What tags say of a page, whose own name stands in where they are silent. */
export const titleOf = ({ title }: Tags, name: string): string =>
  title ?? name.replace(/\.html$/, '').replace(/[-_.]+/g, ' ');
