import { BatonError } from '../errors.ts';
import { CHANNEL_RATE } from '../grid/live.ts';
import { parsePlace, type TrackName } from '../hls/place.ts';
import { writeMultivariant } from '../hls/write-multivariant.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Link } from '../sign/link.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { sourceFresh } from './file-headers.ts';
import { filmMultivariant, multivariantOf } from './hls-ladder.ts';
import { offeredPictures } from './hls-live-offered.ts';
import { liveInit, liveSegment } from './hls-live-parts.ts';
import { livePictures } from './hls-live-pictures.ts';
import { keptGoing } from './hls-live-producer.ts';
import { liveSound } from './hls-live-sound.ts';
import type { LiveTrack } from './hls-live-track.ts';
import type { HlsLiveOptions } from './hls-options.ts';
import { playlistReply } from './hls-playlist-reply.ts';
import type { Reply, Request } from './reply.ts';

/**
 * A channel as HLS, with its pictures where they are asked for and there are any. Whoever loads a media playlist keeps its
 * rendition going: on a server until they have stayed away for a while; who pays for time makes it go on until there is a
 * new segment, unless somebody else does.
 */
export async function hlsLive(
  request: Request,
  link: Link,
  options: HlsLiveOptions,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  if (!link.name.endsWith('.m3u8')) throw new BatonError('OPTIONS_INVALID', `HLS ends in .m3u8, not in ${link.name}`);
  const place = link.place === null ? null : parsePlace(link.place);
  if (link.place !== null && place === null) throw new BatonError('NOT_FOUND', link.place);
  if (place === null) return await multivariant(request, link, options, baton, notes);
  const { part } = place;
  const track = trackOf(place.track, link, options, baton);
  if (part.kind === 'init') return await liveInit(part.version, track, request, link, baton, notes);
  if (part.kind === 'segment') return await liveSegment(part, track, request, link, baton, notes);
  const runs = await keptGoing(track, request, baton, notes);
  return playlistReply(track.playlist(runs, options.hasDvr), PLAYLIST_FRESH, request, link, baton);
}

/** Whether a channel has pictures may be another thing soon. */
async function multivariant(
  request: Request,
  link: Link,
  options: HlsLiveOptions,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  const { audio, lines } = options;
  const video =
    lines === null
      ? null
      : await offeredPictures(lines, picturesOf(lines, link, options, baton), request, baton, notes);
  const content =
    video === null ? multivariantOf(audio, STEREO, link.name) : filmMultivariant(audio[0], [video], STEREO, link.name);
  const fresh = lines === null ? sourceFresh(baton) : PLAYLIST_FRESH;
  return playlistReply(writeMultivariant(content), fresh, request, link, baton);
}

/** What comes on a channel may change, so what is made of it is always the same. */
const STEREO = { sampleRate: CHANNEL_RATE, channels: 2, samples: null };
/** So long an edge answers for all who ask for the same. */
const PLAYLIST_FRESH = 1;

function trackOf(name: TrackName, link: Link, options: HlsLiveOptions, baton: Baton): LiveTrack {
  const { audio, lines } = options;
  if (name.kind === 'video' && name.height === lines)
    return livePictures(lines, picturesOf(lines, link, options, baton), baton);
  const rendition = name.kind === 'audio' ? audio.find(({ kbps }) => kbps === name.kbps) : undefined;
  if (rendition === undefined) throw new BatonError('NOT_FOUND', `no such track: ${JSON.stringify(name)}`);
  return liveSound(name, baton.channels.stream(urlsOf(link, options), rendition));
}

/** Beside the sound that goes with them. */
function picturesOf(lines: number, link: Link, options: HlsLiveOptions, { channels }: Baton): LiveStream {
  const urls = urlsOf(link, options);
  return channels.pictures(urls, lines, channels.stream(urls, options.audio[0]).output.grid);
}

const urlsOf = ({ source }: Link, { fallback }: HlsLiveOptions): readonly [string, string?] =>
  fallback === null ? [source] : [source, fallback];
