import { BatonError } from '../errors.ts';
import { importsAt } from '../hls/imports.ts';
import { MAX_PLAYLIST_BYTES, playlistLines, playlistText } from '../hls/lines.ts';
import { playlistOf, type Playlist } from '../hls/playlist.ts';
import { withReload, type Reload } from '../hls/reload.ts';
import type { Net, Opened } from '../net/open.ts';
import type { SourceMeter } from '../source/reader.ts';
import { recent } from '../source/recent.ts';
import { sharing } from '../source/sharing.ts';
import { statusError } from '../source/status.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** A playlist at its origin. */
export interface UpstreamPlaylist {
  /** What its addresses are relative to: where it was found, after redirects. */
  readonly url: string;
  readonly text: string;
  readonly kind: Playlist['kind'];
  /** Until when another look would bring nothing new. */
  readonly freshUntil: Milliseconds;
}

/** Playlists of other servers. */
export interface UpstreamPlaylists {
  /**
   * The playlist at `url`, which may be from `withImports`, asked for once whoever waits for it. It is one that can be played.
   * @throws PLAYLIST_INVALID, PLAYLIST_TOO_LARGE, SOURCE_MISSING, SOURCE_PRIVATE, SOURCE_FAILED, SOURCE_TIMEOUT and what `Net.open` does
   */
  open(url: string, reload: Reload | null, signal: AbortSignal, meter: SourceMeter): Promise<UpstreamPlaylist>;
}

interface Held extends UpstreamPlaylist {
  readonly etag: string | null;
  readonly modified: string | null;
}

const HELD = 128;
/** Larger ones are asked for again, so that what is held stays small. */
const LARGEST_HELD: Bytes = 131_072;
/** From the request to the last byte. A server holds an answer for three target durations at most. */
const LIMIT_MS: Milliseconds = 30_000;

/** Remembers the last ones for as long as they are fresh, and asks for others only if they have changed. */
export function upstreamPlaylists(net: Net, now: () => Milliseconds, revalidateMs: Milliseconds): UpstreamPlaylists {
  const shelf = recent<string, Held>(HELD);

  const fetch = sharing(
    async (address: string, signal: AbortSignal, asked: { reload: Reload | null; meter: SourceMeter }) => {
      const askedAt = now();
      const known = shelf.get(address) ?? null;
      const held = await withinLimit(signal, async (inner) => {
        const opened = await net.open(address, { signal: inner, headers: { accept: ACCEPT, ...conditions(known) } });
        try {
          if (opened.status === 304 && known !== null) return known;
          return await read(opened, asked.meter);
        } finally {
          opened.close();
        }
      });
      const playlist = playlistOf(playlistLines(held.text), held.url, importsAt(address).variables);
      const found = {
        ...held,
        kind: playlist.kind,
        freshUntil: askedAt + freshFor(playlist, asked.reload, revalidateMs),
      };
      if (held.text.length <= LARGEST_HELD) shelf.set(address, found);
      return found;
    },
  );

  return {
    open: async (url, reload, signal, meter) => {
      const address = url.startsWith('s3:') ? url : withReload(url, reload);
      const held = shelf.get(address);
      return held !== undefined && now() < held.freshUntil ? held : await fetch(address, signal, { reload, meter });
    },
  };
}

const ACCEPT = 'application/vnd.apple.mpegurl, application/x-mpegurl, audio/mpegurl, */*;q=0.5';

const conditions = (known: Held | null): Record<string, string> => ({
  ...(known?.etag == null ? {} : { 'if-none-match': known.etag }),
  ...(known?.modified == null ? {} : { 'if-modified-since': known.modified }),
});

async function read(opened: Opened, meter: SourceMeter): Promise<Omit<Held, 'kind' | 'freshUntil'>> {
  const { status, headers, url } = opened;
  if (status !== 200) throw statusError(status, url);
  if (Number(headers['content-length'] ?? 0) > MAX_PLAYLIST_BYTES) throw new BatonError('PLAYLIST_TOO_LARGE', url);
  const pieces: Uint8Array[] = [];
  let size: Bytes = 0;
  for await (const piece of opened.body) {
    size += piece.length;
    meter.sourceBytes += piece.length;
    if (size > MAX_PLAYLIST_BYTES) throw new BatonError('PLAYLIST_TOO_LARGE', url);
    pieces.push(piece);
  }
  const text = playlistText(Buffer.concat(pieces));
  return { url, text, etag: headers['etag'] ?? null, modified: headers['last-modified'] ?? null };
}

/** As the successor of RFC 8216 tells caches (draft-pantos-hls-rfc8216bis section 6.2.5.2 and appendix B.1). */
function freshFor(playlist: Playlist, reload: Reload | null, revalidateMs: Milliseconds): Milliseconds {
  if (playlist.kind === 'multivariant' || playlist.isEnded) return revalidateMs;
  if (reload?.isBlocking === true) return playlist.targetDuration * 6_000;
  return ((playlist.canBlockReload ? playlist.partTarget : null) ?? playlist.targetDuration) * 500;
}

async function withinLimit<T>(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new BatonError('SOURCE_TIMEOUT', `${LIMIT_MS} ms`)), LIMIT_MS);
  try {
    return await run(AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}
