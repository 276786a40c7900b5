import type { Enclosure, FeedItem } from '../media/rss-items.ts';
import { PODCAST_NAMESPACE } from '../media/rss-namespaces.ts';
import type { AttributePlace } from '../media/rss-tag.ts';
import type { FeedLinks, RenditionKind } from './feed-links.ts';
import type { EnclosureRecord } from './feed-record.ts';

/** Characters of a feed that are replaced; nothing is, where `start` is `end`. The text is ASCII. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What is known of an enclosure whose length may be told. */
export type Known = Pick<EnclosureRecord, 'sizes' | 'hasChapters'> & { readonly source: string };

/** The edits that make an enclosure the file of `rendition`, in order; none where no link can be made. */
export function enclosureEdits(
  { places }: Enclosure,
  { source, sizes }: Known,
  rendition: string,
  links: FeedLinks,
): readonly Edit[] {
  const link = links.file(source, rendition);
  if (link === null) return [];
  const { url, length, type } = places;
  const missing: Edit[] = [];
  const set = (place: AttributePlace | null, name: string, value: string): Edit[] => {
    if (place !== null) return [{ ...place.value, text: value }];
    missing.push({ start: url.value.end + 1, end: url.value.end + 1, text: ` ${name}="${value}"` });
    return [];
  };
  const edits = [
    { ...url.value, text: link },
    ...set(length, 'length', String(sizes[0])),
    ...set(type, 'type', links.kind(rendition).type),
  ];
  return [...edits, ...missing].sort((a, b) => a.start - b.start);
}

/** What is inserted into an item whose podcast elements have `prefix`: its first known enclosure in other renditions, its chapters. */
export function additions(
  item: FeedItem,
  { source, sizes, hasChapters }: Known,
  [main = '', ...alternates]: readonly string[],
  hls: string | null,
  links: FeedLinks,
  prefix: string,
): string {
  const smaller = alternates.flatMap((options, index) => {
    const size = sizes[index + 1] ?? Infinity;
    const link = size < (sizes[0] ?? 0) ? links.file(source, options) : null;
    return link === null ? [] : [alternateEnclosure(links.kind(options), size, link, prefix)];
  });
  const playlist = hls === null ? null : links.hls(source, hls);
  if (playlist !== null)
    smaller.push(
      `<${prefix}:alternateEnclosure type="${HLS_TYPE}" title="HLS"><${prefix}:source uri="${playlist}"/></${prefix}:alternateEnclosure>`,
    );
  const chapters = hasChapters && !item.hasChapters ? links.chapters(source, main) : null;
  if (chapters !== null) smaller.push(`<${prefix}:chapters url="${chapters}" type="application/json+chapters"/>`);
  return smaller.join('');
}

/**
 * A station that is always on, as a live item (Podcasting 2.0) of its own namespace, which stands before the first item of
 * a feed. `start` is the last time that it is known to have been on.
 */
export function liveItem(source: string, start: Date, links: FeedLinks): string {
  const station = links.station(source);
  if (station === null) return '';
  const { hls, page } = station;
  return (
    `<podcast:liveItem xmlns:podcast="${PODCAST_NAMESPACE}" status="live" start="${start.toISOString()}">` +
    `<title>Live</title><guid isPermaLink="false">${hls}</guid>` +
    `<enclosure url="${hls}" type="${HLS_TYPE}" length="0"/>` +
    `<podcast:contentLink href="${page}">Live</podcast:contentLink></podcast:liveItem>`
  );
}

/** As podcast apps know it. */
const HLS_TYPE = 'application/x-mpegURL';

function alternateEnclosure(kind: RenditionKind, size: number, link: string, prefix: string): string {
  const { type, codec, codecs, kbps } = kind;
  const name = `${codec === 'opus' ? 'Opus' : codec.toUpperCase()} ${kbps} kbit/s`;
  const coded = codecs === undefined ? '' : ` codecs="${codecs}"`;
  return (
    `<${prefix}:alternateEnclosure type="${type}"${coded} length="${size}" bitrate="${kbps * 1000}" title="${name}">` +
    `<${prefix}:source uri="${link}"/></${prefix}:alternateEnclosure>`
  );
}
