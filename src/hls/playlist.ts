import HLS from 'hls-parser';
import { BatonError } from '../errors.ts';
import { playlistKind } from './kind.ts';
import { playlistLines, playlistText, type Line } from './lines.ts';
import { mediaPlaylist, type MediaPlaylist } from './media-playlist.ts';
import { multivariantPlaylist, type MultivariantPlaylist } from './multivariant-playlist.ts';
import { parserText } from './parser-text.ts';
import type { Variables } from './variables.ts';

/** What a playlist says; all addresses in it are whole. */
export type Playlist = MultivariantPlaylist | MediaPlaylist;

HLS.setOptions({ silent: true });

/**
 * Reads a playlist of HLS (RFC 8216 and its successor). `base` is the address it came from, after
 * redirects, `importable` what a media playlist may import.
 * @throws PLAYLIST_INVALID for what is none, or cannot be played: addresses that are none, of other schemes than http and https
 * (and s3 within a bucket), numbers without sense; PLAYLIST_TOO_LARGE
 */
export const readPlaylist = (bytes: Uint8Array, base: string, importable?: Variables): Playlist =>
  playlistOf(playlistLines(playlistText(bytes)), base, importable);

/** As `readPlaylist`, of its lines. */
export function playlistOf(lines: readonly Line[], base: string, importable?: Variables): Playlist {
  const kind = playlistKind(lines);
  const parsed = parse(parserText(lines, kind, base, importable));
  return parsed.isMasterPlaylist ? multivariantPlaylist(parsed) : mediaPlaylist(parsed);
}

function parse(text: string): ReturnType<typeof HLS.parse> {
  try {
    return HLS.parse(text);
  } catch (thrown) {
    // It throws TypeErrors for what it does not expect.
    throw new BatonError('PLAYLIST_INVALID', thrown instanceof Error ? thrown.message : '', { cause: thrown });
  }
}
