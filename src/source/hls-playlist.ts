import { BatonError } from '../errors.ts';
import { importsAt, withImports, writeImports } from '../hls/imports.ts';
import { MAX_PLAYLIST_BYTES, playlistLines, playlistText } from '../hls/lines.ts';
import type { MediaPlaylist, Segment } from '../hls/media-playlist.ts';
import { readPlaylist } from '../hls/playlist.ts';
import { variablesOf } from '../hls/variables.ts';
import type { Net } from '../net/open.ts';
import type { Milliseconds } from '../units.ts';
import { livePictureAddresses, soundAddresses } from './hls-choice.ts';
import { type Fetched, fetchWhole } from './hls-fetch.ts';
import type { Look } from './look.ts';
import type { SourceMeter } from './reader.ts';
import { shortHash } from './record.ts';
import { take } from './take.ts';

/** A media playlist with the sound of a source. */
export interface SoundPlaylist {
  /** Where it was found, after redirects, with what it may import from another playlist. */
  readonly url: string;
  /** Where it was asked for. */
  readonly address: string;
  readonly media: MediaPlaylist;
}

const WITHIN: Milliseconds = 20_000;
/** Renditions that are tried where the best are missing. */
const MOST_TRIED = 4;

/** Whether the first bytes of a source begin a playlist of HLS, and not a list of stations. */
export function isHls(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  return /^(?:\xef\xbb\xbf)?\s*#EXTM3U/.test(text) && /^#EXT-X-/m.test(text);
}

/**
 * The media playlist with the best sound that `text` is or leads to. One playlist leads to others only once.
 * @throws PLAYLIST_INVALID, PLAYLIST_TOO_LARGE, SOURCE_NO_AUDIO, and what `fetchWhole` does
 */
export async function soundPlaylist(
  text: Fetched,
  net: Pick<Net, 'open'>,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<SoundPlaylist> {
  const first = readPlaylist(text.bytes, text.url);
  if (first.kind === 'media') return { url: text.url, address: text.url, media: playable(first) };
  const addresses = soundAddresses(first).map(importing(text));
  let failure: unknown = new BatonError('SOURCE_NO_AUDIO', `no variant with sound in ${text.url}`);
  for (const address of addresses.slice(0, MOST_TRIED)) {
    try {
      return await mediaPlaylistAt(address, net, signal, meter);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

/**
 * The addresses of media playlists with the pictures that `text` leads to, for `mediaPlaylistAt`, the best choice first.
 * None where the best are in the segments of the sound, whose playlist is at `address`.
 */
export function livePicturePlaylists(text: Fetched, address: string): readonly string[] {
  const first = readPlaylist(text.bytes, text.url);
  const addresses = first.kind === 'media' ? [] : livePictureAddresses(first).map(importing(text));
  return addresses[0] === address ? [] : addresses.slice(0, MOST_TRIED);
}

/** Addresses in a multivariant playlist with what it gives to those that it leads to. */
function importing(text: Fetched): (address: string) => string {
  const imports = writeImports(variablesOf(playlistLines(playlistText(text.bytes)), text.url));
  return (address) => withImports(address, imports);
}

/** The media playlist at `url`, from a `SoundPlaylist` or without anything to import. Throws PLAYLIST_INVALID where there is another list, and as `soundPlaylist`. */
export async function mediaPlaylistAt(
  url: string,
  net: Pick<Net, 'open'>,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<SoundPlaylist> {
  const text = await fetchPlaylist(url, net, signal, meter);
  const imports = importsAt(url);
  const playlist = readPlaylist(text.bytes, text.url, imports.variables);
  if (playlist.kind !== 'media') throw new BatonError('PLAYLIST_INVALID', `lists that point at lists, up to ${url}`);
  return { url: withImports(text.url, imports.text), address: url, media: playable(playlist) };
}

export const fetchPlaylist = (
  url: string,
  net: Pick<Net, 'open'>,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Fetched> =>
  fetchWhole(net, { url, range: null, maxBytes: MAX_PLAYLIST_BYTES, withinMs: WITHIN }, signal, meter);

/** All of the playlist that a source begins with. */
export async function wholePlaylist(
  { head, size, body, finalUrl }: Look,
  net: Pick<Net, 'open'>,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Fetched> {
  if (body !== null) {
    const bytes = await take(body, MAX_PLAYLIST_BYTES + 1);
    await body.return();
    return { bytes, url: finalUrl };
  }
  if (size !== null && size <= head.length) return { bytes: head, url: finalUrl };
  return await fetchPlaylist(finalUrl, net, signal, meter);
}

function playable(media: MediaPlaylist): MediaPlaylist {
  if (media.isIFrames) throw new BatonError('SOURCE_NO_AUDIO', 'a playlist of key frames');
  return media;
}

/** Whether nothing will be added to it. */
export const isOver = ({ isEnded, type }: MediaPlaylist): boolean => isEnded || type === 'VOD';

/**
 * What tells one version of a playlist from another: names, order, lengths and encryption of its segments. Hosts and
 * queries are left out, for they change where access is granted for a while.
 */
export function shapeOf(media: MediaPlaylist): string {
  const { mediaSequence, segments } = media;
  const path = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : url);
  const keyOf = ({ key }: Segment): unknown => key && [key.method, key.url && path(key.url), key.iv && [...key.iv]];
  const rows = segments.map((segment) => {
    const { url, range, duration, discontinuity, gap, map } = segment;
    return [path(url), range, duration, discontinuity, gap, map && [path(map.url), map.range], keyOf(segment)];
  });
  return shortHash(JSON.stringify([mediaSequence, isOver(media), rows]));
}
