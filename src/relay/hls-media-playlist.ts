import { formatPlace } from '../hls/place.ts';
import { targetDuration, writeDurations, writeMedia } from '../hls/write-media.ts';
import { shortVersion } from '../sign/resume-token.ts';
import type { HlsTrack } from './hls-track.ts';

/** The media playlist of a track of a file, whose addresses are places beside it. */
export function mediaPlaylistOf({ name: track, ends, version: whole }: HlsTrack): string {
  const version = shortVersion(whole);
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
