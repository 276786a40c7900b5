import type { Chapter, MediaSourceOption } from '../playback.ts';
import { parseChapters } from './chapters.ts';

/** One entry of a playlist. */
export interface Episode {
  readonly title: string;
  readonly artist: string;
  readonly artwork: string;
  readonly sources: readonly MediaSourceOption[];
  /** A list, or where podcast JSON chapters are to be read; null: as the stream tells. */
  readonly chapters: readonly Chapter[] | string | null;
  /** In seconds, if known. */
  readonly duration: number | null;
}

/**
 * The episodes that `value` lists: `[{ title, artist, artwork, sources: [{ src, type }], chapters, duration }]`, all but
 * `sources` optional. Addresses are taken relative to `base`; entries that nothing can be played of are left out.
 */
export function parsePlaylist(value: unknown, base: string): readonly Episode[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).flatMap((entry) => {
    const { title, artist, artwork, sources, chapters, duration } = record(entry);
    const playable = Array.isArray(sources) ? (sources as unknown[]).flatMap((source) => readSource(source, base)) : [];
    if (playable.length === 0) return [];
    return {
      title: text(title),
      artist: text(artist),
      artwork: address(artwork, base) ?? '',
      sources: playable,
      chapters:
        typeof chapters === 'string' ? address(chapters, base) : chapters == null ? null : parseChapters(chapters),
      duration: typeof duration === 'number' && duration > 0 ? duration : null,
    };
  });
}

function readSource(source: unknown, base: string): MediaSourceOption[] {
  const { src, type } = record(source);
  const full = address(src, base);
  if (full === null) return [];
  return [{ src: full, ...(typeof type === 'string' && { type }) }];
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const address = (value: unknown, base: string): string | null =>
  typeof value === 'string' && value !== '' && URL.canParse(value, base) ? new URL(value, base).href : null;
