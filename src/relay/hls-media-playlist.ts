import { formatPlace } from '../hls/place.ts';
import { targetDuration, writeDurations, writeMedia } from '../hls/write-media.ts';
import type { HlsTrack } from './hls-track.ts';

/** The media playlist of a track of a file of this version, whose addresses are places beside it. */
export function mediaPlaylistOf({ name: track, ends }: HlsTrack, version: string): string {
  const durations = writeDurations(ends);
  return writeMedia({
    kind: 'vod',
    targetDuration: targetDuration(Math.max(...durations.map(Number))),
    mediaSequence: 0,
    init: formatPlace({ track, part: { kind: 'init', version } }),
    segments: durations.map((duration, index) => ({
      duration,
      uri: formatPlace({ track, part: { kind: 'segment', version, index } }),
    })),
  });
}
