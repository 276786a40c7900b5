import { BatonError } from '../errors.ts';
import type { Line } from './lines.ts';

/** A list of renditions of one thing, or one rendition as a list of segments (RFC 8216 section 4). */
export type PlaylistKind = 'multivariant' | 'media';

/** By the tags that stand in one kind alone (RFC 8216 sections 4.3.2 to 4.3.4). @throws PLAYLIST_INVALID for both or none */
export function playlistKind(lines: readonly Line[]): PlaylistKind {
  const isMultivariant = lines.some(({ name }) => MULTIVARIANT.has(name));
  const isMedia = lines.some(({ name }) => MEDIA.has(name));
  if (isMultivariant === isMedia)
    throw new BatonError('PLAYLIST_INVALID', isMedia ? 'tags of both kinds of playlist' : 'a list, but not of HLS');
  return isMedia ? 'media' : 'multivariant';
}

const MULTIVARIANT: ReadonlySet<string> = new Set([
  'EXT-X-STREAM-INF',
  'EXT-X-I-FRAME-STREAM-INF',
  'EXT-X-MEDIA',
  'EXT-X-SESSION-DATA',
  'EXT-X-SESSION-KEY',
  'EXT-X-CONTENT-STEERING',
]);

const MEDIA: ReadonlySet<string> = new Set([
  'EXTINF',
  'EXT-X-TARGETDURATION',
  'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-DISCONTINUITY-SEQUENCE',
  'EXT-X-ENDLIST',
  'EXT-X-PLAYLIST-TYPE',
  'EXT-X-I-FRAMES-ONLY',
  'EXT-X-BYTERANGE',
  'EXT-X-DISCONTINUITY',
  'EXT-X-KEY',
  'EXT-X-MAP',
  'EXT-X-GAP',
  'EXT-X-PART',
  'EXT-X-PART-INF',
  'EXT-X-PRELOAD-HINT',
  'EXT-X-SKIP',
]);
