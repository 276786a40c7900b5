import type { Kbps } from '../units.ts';

/** What stands behind the name of an HLS link: a part of one of its tracks. */
export interface HlsPlace {
  readonly track: TrackName;
  readonly part: TrackPart;
}

/** A track by what it is called in addresses: audio by its bitrate, video by its height in pixels. */
export type TrackName =
  { readonly kind: 'audio'; readonly kbps: Kbps } | { readonly kind: 'video'; readonly height: number };

/**
 * A media playlist; the initialization section that it names (`EXT-X-MAP`), or one of its segments, of that version of
 * the source: caches keep them for ever.
 */
export type TrackPart =
  | { readonly kind: 'playlist' }
  | { readonly kind: 'init'; readonly version: string }
  | { readonly kind: 'segment'; readonly version: string; readonly index: number };

const NAME = '([av])([1-9]\\d{0,4})';
const VERSION = '([0-9a-f]{8})';
const INDEX = '(0|[1-9]\\d{0,11})';
const PLACE = new RegExp(`^${NAME}(?:\\.m3u8|-${VERSION}(?:\\.mp4|-${INDEX}\\.m4s))$`);

/**
 * Reads a place, such as `a128.m3u8`, `a128-0123abcd.mp4` or `v480-0123abcd-17.m4s`, which has one spelling only; null for
 * anything else.
 */
export function parsePlace(place: string): HlsPlace | null {
  const [, letter, size, version, index] = (PLACE.exec(place) ?? []) as (string | undefined)[];
  if (letter === undefined) return null;
  const track: TrackName =
    letter === 'a' ? { kind: 'audio', kbps: Number(size) } : { kind: 'video', height: Number(size) };
  if (version === undefined) return { track, part: { kind: 'playlist' } };
  if (index === undefined) return { track, part: { kind: 'init', version } };
  return { track, part: { kind: 'segment', version, index: Number(index) } };
}

/** The one spelling of a place. */
export function formatPlace({ track, part }: HlsPlace): string {
  const id = trackId(track);
  switch (part.kind) {
    case 'playlist':
      return `${id}.m3u8`;
    case 'init':
      return `${id}-${part.version}.mp4`;
    case 'segment':
      return `${id}-${part.version}-${part.index}.m4s`;
  }
}

/** What a track is called in addresses and groups. */
export const trackId = (track: TrackName): string => (track.kind === 'audio' ? `a${track.kbps}` : `v${track.height}`);
