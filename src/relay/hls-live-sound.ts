import { BatonError } from '../errors.ts';
import type { TrackName } from '../hls/place.ts';
import type { LiveStream } from '../live/live-stream.ts';
import { trackOf } from './framed-stream.ts';
import { livePlaylist } from './hls-live-playlist.ts';
import { chunksIn, segmentsOf } from './hls-live-segments.ts';
import type { LiveTrack } from './hls-live-track.ts';
import { encodedMuxer, type LiveMuxer } from './live-muxer.ts';

/** The sound of a channel in one rendition, as a track; its initialization section is the same in every life of the channel. */
export function liveSound(name: TrackName, stream: LiveStream): LiveTrack {
  const chunks = chunksIn(stream.output.grid);

  async function* pieces(segment: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const muxer = muxerOf(stream);
    for (let index = segment * chunks; index < (segment + 1) * chunks; index++)
      yield muxer.whole(await wholeChunk(index, stream, signal), index);
  }

  return {
    ...{ name, type: 'audio/mp4', stream, pieces },
    segments: (runs) => segmentsOf(runs, chunks),
    isBehind: () => false,
    playlist: (runs, hasDvr) => livePlaylist(name, stream, runs, hasDvr),
    init: () => Promise.resolve(muxerOf(stream).init),
    missing: () => new BatonError('SOURCE_TIMEOUT', 'no segment in time'),
  };
}

/** The bytes of a chunk that is there, or on its way to being complete. Throws SEGMENT_GONE. */
export async function wholeChunk(index: number, stream: LiveStream, signal: AbortSignal): Promise<Uint8Array> {
  const chunk = await stream.chunk(index, signal);
  if (chunk === null) throw new BatonError('SEGMENT_GONE', `chunk ${index}`);
  for await (const bytes of chunk.follow(0, Infinity, signal)) void bytes;
  return chunk.complete() ?? new Uint8Array();
}

function muxerOf({ output: { timeline } }: LiveStream): LiveMuxer {
  if (timeline === null) throw new BatonError('INTERNAL', 'what is passed on has no grid');
  return encodedMuxer(timeline, trackOf(timeline));
}
