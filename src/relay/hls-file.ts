import { BatonError } from '../errors.ts';
import { parsePlace } from '../hls/place.ts';
import { writeMultivariant } from '../hls/write-multivariant.ts';
import type { Link } from '../sign/link.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { sourceFresh } from './file-headers.ts';
import { audioTracks } from './hls-audio.ts';
import { multivariantOf } from './hls-ladder.ts';
import type { HlsFileOptions } from './hls-options.ts';
import { playlistReply } from './hls-playlist-reply.ts';
import { openSource } from './open-source.ts';
import type { Reply, Request } from './reply.ts';

/**
 * An episode as HLS. The playlists are computed, and nothing is encoded for them; a segment is a stretch of the grid, so
 * that any process makes the same one at any time.
 */
export async function hlsFile(
  request: Request,
  link: Link,
  options: HlsFileOptions,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  if (!link.name.endsWith('.m3u8')) throw new BatonError('OPTIONS_INVALID', `HLS ends in .m3u8, not in ${link.name}`);
  const place = link.place === null ? null : parsePlace(link.place);
  if (link.place !== null && place === null) throw new BatonError('NOT_FOUND', link.place);
  const source = await openSource(link, request, baton, notes);
  const tracks = audioTracks(source, options, baton);
  if (place !== null) throw new BatonError('NOT_FOUND', link.place ?? '');
  const text = writeMultivariant(multivariantOf(tracks, link.name));
  return playlistReply(text, sourceFresh(baton), request, link, baton);
}
