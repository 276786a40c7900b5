import type { Ends } from '../encode/play-chunks.ts';
import { BatonError, hasCode } from '../errors.ts';
import { parsePlace, type TrackName } from '../hls/place.ts';
import { writeMultivariant } from '../hls/write-multivariant.ts';
import type { Link } from '../sign/link.ts';
import type { Source } from '../source/record.ts';
import type { OfferedVideo } from '../video/offered.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { sourceFresh } from './file-headers.ts';
import { audioTrack } from './hls-audio.ts';
import { filmMultivariant, multivariantOf } from './hls-ladder.ts';
import { videosOf, videoTrack } from './hls-video.ts';
import type { HlsFileOptions } from './hls-options.ts';
import { playlistReply } from './hls-playlist-reply.ts';
import { mediaPlaylistOf } from './hls-media-playlist.ts';
import { atOnce, partReply, type HlsPart } from './hls-part-reply.ts';
import type { HlsTrack } from './hls-track.ts';
import { openSource } from './open-source.ts';
import type { Reply, Request } from './reply.ts';
import { shortVersion } from '../sign/resume-token.ts';

/**
 * An episode as HLS. The playlists are computed, and nothing is encoded for them; a segment is a stretch of the grid, so
 * that any process makes the same one at any time. Where the length of the source is known from its index alone,
 * everything but the multivariant playlist waits for that.
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
  const source = await openSource(link, request, baton, notes, 'openAny');
  if (place === null) {
    baton.sources.startIndex(source);
    const videos = await videosOf(source, options.audio[0], request, baton, notes);
    return playlistReply(multivariant(source, options, videos, link.name), sourceFresh(baton), request, link, baton);
  }
  const { part } = place;
  const expectVersion = (version: string): void => {
    if (part.kind !== 'playlist' && part.version !== shortVersion(version))
      throw new BatonError('SEGMENT_GONE', link.place ?? '');
  };
  if (place.track.kind === 'audio') expectVersion(source.record.version); // before its length is found out
  const track = await trackOf(place.track, source, options, request, baton, notes);
  expectVersion(track.version);
  switch (part.kind) {
    case 'playlist':
      return playlistReply(mediaPlaylistOf(track), sourceFresh(baton), request, link, baton);
    case 'init':
      return await partReply(
        partOf(track, 'init'),
        (ends) => atOnce(track.init(ends.signal)),
        request,
        link,
        baton,
        notes,
      );
    case 'segment': {
      const { index } = part;
      if (index >= track.ends.length) throw new BatonError('NOT_FOUND', `segment ${index} of ${track.ends.length}`);
      const make = (ends: Ends) => track.segment(index, notes, ends);
      return await partReply(partOf(track, index), make, request, link, baton, notes);
    }
  }
}

const partOf = ({ type, tag }: HlsTrack, part: number | 'init'): HlsPart => ({ type, tag: [tag, part] });

function multivariant(
  source: Source,
  { audio }: HlsFileOptions,
  videos: readonly OfferedVideo[],
  name: string,
): string {
  const { record } = source;
  if (videos.length === 0) requireSound(source);
  if (videos.length === 0) return writeMultivariant(multivariantOf(audio, record, name));
  return writeMultivariant(filmMultivariant(record.isSilent === true ? null : audio[0], videos, record, name));
}

async function trackOf(
  name: TrackName,
  source: Source,
  options: HlsFileOptions,
  request: Request,
  baton: Baton,
  notes: Notes,
): Promise<HlsTrack> {
  if (name.kind === 'video') {
    const videos = await videosOf(source, options.audio[0], request, baton, notes);
    const video = videos.find(({ lines }) => lines === name.height);
    if (video !== undefined) return videoTrack(video, baton);
  } else {
    requireSound(source);
    const rendition = options.audio.find(({ kbps }) => kbps === name.kbps);
    if (rendition !== undefined) return audioTrack(await measured(source, request, baton, notes), rendition, baton);
  }
  throw new BatonError('NOT_FOUND', `no such track: ${JSON.stringify(name)}`);
}

function requireSound({ url, record }: Source): void {
  if (record.isSilent === true) throw new BatonError('SOURCE_NO_AUDIO', url);
}

/** The source with its length. Players come back for what is not there yet. */
async function measured(source: Source, { signal, closing }: Request, baton: Baton, { meter }: Notes): Promise<Source> {
  try {
    if (source.record.samples !== null) return source;
    return await baton.sources.indexed(source, AbortSignal.any([signal, closing]), meter);
  } catch (error) {
    if (hasCode(error, 'RESPONSE_LIMIT')) throw new BatonError('SOURCE_UNMEASURED');
    throw error;
  }
}
