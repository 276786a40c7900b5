import { BatonError } from '../errors.ts';
import { CHANNEL_RATE } from '../grid/live.ts';
import type { CodedRendition } from '../grid/rendition.ts';
import { parsePlace, type TrackName } from '../hls/place.ts';
import { writeMultivariant } from '../hls/write-multivariant.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Link } from '../sign/link.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { sourceFresh } from './file-headers.ts';
import { multivariantOf } from './hls-ladder.ts';
import { liveInit, liveSegment } from './hls-live-parts.ts';
import { livePlaylist } from './hls-live-playlist.ts';
import { keptGoing } from './hls-live-producer.ts';
import type { HlsLiveOptions } from './hls-options.ts';
import { playlistReply } from './hls-playlist-reply.ts';
import type { Reply, Request } from './reply.ts';

/**
 * A channel as HLS. Whoever loads a media playlist keeps its rendition going: on a server until they have stayed away for
 * a while; who pays for time makes it go on until there is a new segment, unless somebody else does.
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
  if (place === null) {
    const text = writeMultivariant(multivariantOf(options.audio, STEREO, link.name));
    return playlistReply(text, sourceFresh(baton), request, link, baton);
  }
  const { track, part } = place;
  const stream = streamOf(track, link, options, baton);
  if (part.kind === 'init') return liveInit(part.version, track, stream, request, link, baton, notes);
  if (part.kind === 'segment') return await liveSegment(part, track, stream, request, link, baton, notes);
  const runs = await keptGoing(stream, request, baton, notes);
  const text = livePlaylist(track, stream, runs, options.hasDvr);
  return playlistReply(text, PLAYLIST_FRESH, request, link, baton);
}

/** What comes on a channel may change, so what is made of it is always the same. */
const STEREO = { sampleRate: CHANNEL_RATE, channels: 2, samples: null };
/** So long an edge answers for all who ask for the same. */
const PLAYLIST_FRESH = 1;

function streamOf(name: TrackName, link: Link, { audio, fallback }: HlsLiveOptions, baton: Baton): LiveStream {
  const rendition: CodedRendition | undefined =
    name.kind === 'audio' ? audio.find(({ kbps }) => kbps === name.kbps) : undefined;
  if (rendition === undefined) throw new BatonError('NOT_FOUND', `no such track: ${JSON.stringify(name)}`);
  return baton.channels.stream(fallback === null ? [link.source] : [link.source, fallback], rendition);
}
