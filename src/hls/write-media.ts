import type { Seconds } from '../units.ts';

/** A media playlist (RFC 8216bis section 4.4.3) whose segments have one initialization section. */
export interface MediaPlaylist {
  /** `vod`: all of it, to its end; `live`: the newest segments of what goes on. */
  readonly kind: 'vod' | 'live';
  readonly targetDuration: Seconds;
  /** Number of the first segment. */
  readonly mediaSequence: number;
  readonly init: string;
  readonly segments: readonly MediaSegment[];
}

/** A segment: its length as text, see `writeDurations`, and its address. */
export interface MediaSegment {
  readonly duration: string;
  readonly uri: string;
}

/** Writes a media playlist. */
export function writeMedia({ kind, targetDuration, mediaSequence, init, segments }: MediaPlaylist): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7', // EXT-X-MAP
    `#EXT-X-TARGETDURATION:${targetDuration}`,
    `#EXT-X-MEDIA-SEQUENCE:${mediaSequence}`,
    ...(kind === 'vod' ? ['#EXT-X-PLAYLIST-TYPE:VOD'] : []),
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-MAP:URI="${init}"`,
  ];
  for (const { duration, uri } of segments) lines.push(`#EXTINF:${duration},`, uri);
  if (kind === 'vod') lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

/**
 * The lengths of segments that follow each other and end at `ends`, the first of them beginning at 0, in decimals whose
 * sum is the last end to the microsecond, however many there are.
 */
export function writeDurations(ends: readonly Seconds[]): readonly string[] {
  let before = 0;
  return ends.map((end) => {
    const micros = Math.round(end * 1e6);
    const duration = (micros - before) / 1e6;
    before = micros;
    return duration.toFixed(6);
  });
}

/** `EXT-X-TARGETDURATION` of segments of at most this length (section 4.4.3.1). */
export const targetDuration = (longest: Seconds): Seconds => Math.max(1, Math.round(longest));
