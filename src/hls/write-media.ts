import type { Seconds } from '../units.ts';

/** A media playlist (RFC 8216bis section 4.4.3). */
export interface MediaPlaylist {
  /** `vod`: all of it, to its end; `live`: the newest segments of what goes on. */
  readonly kind: 'vod' | 'live';
  readonly targetDuration: Seconds;
  /** Number of the first segment. */
  readonly mediaSequence: number;
  /** Of the first segment; left away where there is one stretch alone. */
  readonly discontinuitySequence?: number;
  /** Where to begin, from the end if below 0. */
  readonly start?: Seconds;
  /** The initialization section of its segments, as far as they say nothing else. */
  readonly init: string;
  readonly segments: readonly MediaSegment[];
  readonly dateRanges?: readonly DateRange[];
}

/** A segment: its length as text, see `writeDurations`, and its address. */
export interface MediaSegment {
  readonly duration: string;
  readonly uri: string;
  /** Its initialization section and that of those behind it, where that is another one than before. */
  readonly init?: string;
  /** When it begins, where that has to be said. */
  readonly programDateTime?: Date;
  /** There is none: the source was away, or nobody listened. */
  readonly isGap?: boolean;
}

/** What is on from a date to the next one of its class (section 4.4.5.1). */
export interface DateRange {
  readonly id: string;
  readonly class: string;
  readonly start: Date;
  /** Attributes whose names begin with `X-`. */
  readonly values: Readonly<Record<string, string>>;
}

/** Writes a media playlist. */
export function writeMedia(playlist: MediaPlaylist): string {
  const { kind, targetDuration, mediaSequence, discontinuitySequence, start, init, segments, dateRanges } = playlist;
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${segments.some(({ isGap }) => isGap === true) ? 8 : 7}`, // EXT-X-GAP; EXT-X-MAP
    `#EXT-X-TARGETDURATION:${targetDuration}`,
    `#EXT-X-MEDIA-SEQUENCE:${mediaSequence}`,
    ...(discontinuitySequence === undefined ? [] : [`#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitySequence}`]),
    ...(kind === 'vod' ? ['#EXT-X-PLAYLIST-TYPE:VOD'] : []),
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(start === undefined ? [] : [`#EXT-X-START:TIME-OFFSET=${start}`]),
    `#EXT-X-MAP:URI="${init}"`,
    ...(dateRanges ?? []).map(dateRangeLine),
  ];
  for (const { duration, uri, init: other, programDateTime, isGap } of segments) {
    if (other !== undefined) lines.push(`#EXT-X-MAP:URI="${other}"`);
    if (programDateTime !== undefined) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${programDateTime.toISOString()}`);
    if (isGap === true) lines.push('#EXT-X-GAP');
    lines.push(`#EXTINF:${duration},`, uri);
  }
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

const dateRangeLine = ({ id, class: name, start, values }: DateRange): string =>
  `#EXT-X-DATERANGE:${[
    `ID="${id}"`,
    `CLASS="${name}"`,
    `START-DATE="${start.toISOString()}"`,
    'END-ON-NEXT=YES',
    ...Object.entries(values).map(([key, value]) => `${key}="${quotable(value)}"`),
  ].join(',')}`;

/** A quoted string holds neither quotes nor line ends (section 4.2). */
const quotable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').replaceAll('"', "'");
