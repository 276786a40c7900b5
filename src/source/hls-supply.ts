import { BatonError, hasCode } from '../errors.ts';
import type { MediaPlaylist } from '../hls/media-playlist.ts';
import type { Net } from '../net/open.ts';
import { fetchPlaylist, mediaPlaylistAt, shapeOf, soundPlaylist, type SoundPlaylist } from './hls-playlist.ts';
import { hlsReader, type HlsReader } from './hls-reader.ts';
import type { Pin } from './pin.ts';
import type { SourceMeter } from './reader.ts';
import { sharing } from './sharing.ts';
import type { Verdict } from './revalidate.ts';

/** How the segments of one version of a playlist are read. */
export interface HlsSupply {
  readonly reader: HlsReader;
  /** The playlist, as it was found the last time. Throws SOURCE_CHANGED when it is another one. */
  playlist(signal: AbortSignal, meter?: SourceMeter): Promise<MediaPlaylist>;
  /** What `used` named is gone: the playlist as its link leads to it now. Throws as `playlist`. */
  anew(used: MediaPlaylist, signal: AbortSignal, meter?: SourceMeter): Promise<MediaPlaylist>;
  /** The source was seen to have changed. */
  markStale(): void;
}

/** What a version is told by, and where it was found. */
export interface HlsPinned {
  readonly url: string;
  readonly shape: string;
  pin(): Pin;
  moved(pin: Pin): void;
  markStale(): void;
}

const SEGMENT_MS = 60_000;

/** Over the playlist `known`, or one that is fetched when somebody asks for it. */
export function hlsSupply(net: Net, pinned: HlsPinned, known: MediaPlaylist | null): HlsSupply {
  let current = known;

  const load = sharing(async (from: string, signal: AbortSignal, meter?: SourceMeter): Promise<MediaPlaylist> => {
    const found = from === ANEW ? await atLink(signal, meter) : await atPin(signal, meter);
    if (shapeOf(found.media) !== pinned.shape) {
      pinned.markStale();
      throw new BatonError('SOURCE_CHANGED', `another playlist at ${found.url}`);
    }
    if (found.url !== pinned.pin().finalUrl) pinned.moved({ ...pinned.pin(), finalUrl: found.url });
    return (current = found.media);
  });

  async function atPin(signal: AbortSignal, meter?: SourceMeter): Promise<SoundPlaylist> {
    try {
      const found = await mediaPlaylistAt(pinned.pin().finalUrl, net, signal, meter);
      if (shapeOf(found.media) === pinned.shape) return found;
    } catch (error) {
      if (!hasCode(error, 'SOURCE_MISSING', 'SOURCE_PRIVATE', 'PLAYLIST_INVALID')) throw error;
    }
    return await atLink(signal, meter);
  }

  const atLink = async (signal: AbortSignal, meter?: SourceMeter): Promise<SoundPlaylist> =>
    await soundPlaylist(await fetchPlaylist(pinned.url, net, signal, meter), net, signal, meter);

  return {
    reader: hlsReader(net, { segmentMs: SEGMENT_MS }),
    playlist: async (signal, meter) => current ?? (await load(PINNED, signal, meter)),
    anew: async (used, signal, meter) =>
      current !== null && current !== used ? current : await load(ANEW, signal, meter),
    markStale: () => pinned.markStale(),
  };
}

const PINNED = 'pinned';
const ANEW = 'anew';

/** Whether the playlist at its pinned address is still the same. Throws only the reason of `signal`. */
export async function revalidateHls(
  net: Net,
  { finalUrl }: Pin,
  shape: string,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Verdict> {
  try {
    const { media } = await mediaPlaylistAt(finalUrl, net, signal, meter);
    return shapeOf(media) === shape ? 'same' : 'changed';
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'SOURCE_MISSING', 'SOURCE_PRIVATE', 'SOURCE_REFUSED')) return 'gone';
    return hasCode(error, 'PLAYLIST_INVALID', 'PLAYLIST_TOO_LARGE') ? 'changed' : 'unknown';
  }
}
