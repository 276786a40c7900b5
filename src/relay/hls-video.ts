import { hasCode } from '../errors.ts';
import { videoInit } from '../media/fmp4-video.ts';
import type { Source } from '../source/record.ts';
import { offeredVideo, type OfferedVideo } from '../video/offered.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { etagOf } from './file-identity.ts';
import type { CodedRendition } from '../grid/rendition.ts';
import type { HlsTrack } from './hls-track.ts';
import type { Request } from './reply.ts';

/**
 * What is offered of the pictures of a source, the largest first; nothing where it has none that could be shown besides
 * its sound, and of a part of it. Throws what `Films.open` does for a source without sound.
 */
export async function videosOf(
  source: Source,
  { startMs, endMs }: Pick<CodedRendition, 'startMs' | 'endMs'>,
  request: Request,
  baton: Baton,
  { meter }: Notes,
): Promise<readonly OfferedVideo[]> {
  const { container, version, isSilent } = source.record;
  if (!WITH_PICTURES.includes(container) || startMs > 0 || endMs !== null) return [];
  try {
    const film = await baton.films.open(source, request.signal, meter);
    return offeredVideo(film, version, { engine: baton.engine, store: baton.kept });
  } catch (error) {
    const isWithout = hasCode(error, ...WITHOUT) || (container === 'hls' && hasCode(error, ...ELSEWHERE));
    if (isSilent !== true && isWithout) return [];
    throw error;
  }
}

const WITHOUT = ['SOURCE_NO_VIDEO', 'VIDEO_UNSUPPORTED', 'SOURCE_DAMAGED', 'SOURCE_TOO_LARGE'] as const;
/** Where pictures have playlists of their own: the sound goes on without them. */
const ELSEWHERE = [
  'SOURCE_MISSING',
  'SOURCE_PRIVATE',
  'SOURCE_PROTECTED',
  'SOURCE_LIVE',
  'PLAYLIST_INVALID',
  'PLAYLIST_TOO_LARGE',
] as const;

const WITH_PICTURES: readonly Source['record']['container'][] = ['mp4', 'matroska', 'hls'];

/** A segment: the source's own pictures, or from the store, or as it is made. */
export function videoSegment(
  video: OfferedVideo,
  index: number,
  { segments }: Baton,
  meter: Notes['meter'],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const make = video.segment(index);
  return video.key === null ? make(meter, signal) : segments.read(`${video.key}/${index}`, make, meter, signal);
}

/** A rendition of the pictures as a track. */
export function videoTrack(video: OfferedVideo, baton: Baton): HlsTrack {
  const { lines, key, durations, version } = video;
  let end = 0;
  return {
    name: { kind: 'video', height: lines },
    type: 'video/mp4',
    version,
    ends: durations.map((duration) => (end += duration)),
    tag: etagOf(version, baton.engine.id, 'hls', lines, key ?? 'copied'),
    init: async (signal) => videoInit(await video.track(signal)),
    segment: (index, { meter }, { signal }) => videoSegment(video, index, baton, meter, signal),
  };
}
