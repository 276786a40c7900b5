import { BatonError } from '../errors.ts';
import { formatPlace, type TrackName } from '../hls/place.ts';
import { targetDuration, writeMedia, type MediaSegment } from '../hls/write-media.ts';
import type { RenditionHead } from '../live/head.ts';
import type { LiveStream } from '../live/live-stream.ts';
import { encodeMark, type PictureMark } from '../live/picture-mark.ts';
import { secondsOfTicks, type Ticks } from '../live/picture-time.ts';
import { shortVersion } from '../sign/resume-token.ts';
import { shortHash } from '../source/record.ts';
import type { Seconds } from '../units.ts';
import { lifeNumber, NEWEST, titlesFrom } from './hls-live-playlist.ts';
import { beginOf, pictureSegment, pictureSegments, type PictureSegment } from './hls-live-picture-segments.ts';
import { firstNumber, SEGMENT_MS, type SegmentRun } from './hls-live-segments.ts';

/** Key pictures are where the source has them: a segment may begin at the end of its stretch, and end at that of the next. */
const LONGEST: Seconds = (2 * SEGMENT_MS) / 1000;

/**
 * The media playlist of the pictures of a channel. Its numbers are those of the sound, and its times are when the pictures
 * are shown: segments begin at the first key picture of their stretch, so they differ in length. Where a scene is longer
 * than a stretch, the picture of the segment before goes on in a gap; so it does where nobody has made any.
 */
export function picturePlaylist(
  track: TrackName,
  pictures: LiveStream,
  runs: RenditionHead['runs'],
  hasDvr: boolean,
): string {
  const head = pictures.channel.head.latest();
  const listed = pictureSegments(pictures, runs);
  if (head === null || listed === null) throw new BatonError('INTERNAL', 'a playlist of pictures without a segment');
  const { version, createdAt } = head;
  const oldest = hasDvr ? listed.first : Math.max(listed.first, listed.end - NEWEST);
  const segments = Array.from({ length: listed.end - oldest }, (_, at) => entryOf(oldest + at, listed, pictures));
  const all = segments.slice(segments.findIndex(({ segment }) => segment !== null));
  const names = all.map(({ segment }) => segment && formatName(segment.mark, pictures));
  const initOf = (format: string): string => formatPlace({ track, part: { kind: 'init', version: format } });

  function listedAs({ index, from, to }: Entry, at: number): MediaSegment {
    const [own, before] = [names[at] ?? null, names.slice(0, at).findLast((name) => name !== null)];
    return {
      duration: Math.min(LONGEST, secondsOfTicks((all[at + 1]?.from ?? to) - from)).toFixed(6),
      uri: formatPlace({ track, part: { kind: 'segment', version, index: firstNumber({ createdAt }) + index } }),
      programDateTime: new Date(createdAt + secondsOfTicks(from) * 1000),
      ...(own !== null && before !== undefined && own !== before ? { init: initOf(own) } : {}),
      ...(own === null ? { isGap: true } : {}),
    };
  }

  return writeMedia({
    kind: 'live',
    targetDuration: targetDuration(LONGEST),
    mediaSequence: firstNumber(head) + (all[0]?.index ?? 0),
    discontinuitySequence: lifeNumber(createdAt),
    ...(hasDvr ? { start: -3 * targetDuration(LONGEST) } : {}),
    init: initOf(names[0] ?? ''),
    segments: all.map(listedAs),
    dateRanges: titlesFrom(head, secondsOfTicks(all[0]?.from ?? 0) * 1000),
  });
}

interface Entry {
  readonly index: number;
  readonly segment: PictureSegment | null;
  readonly from: Ticks;
  /** As long as nothing is known of the segment behind. */
  readonly to: Ticks;
}

function entryOf(index: number, listed: SegmentRun, pictures: LiveStream): Entry {
  const segment = listed.has(index) ? pictureSegment(index, pictures) : null;
  const [begin, next] = [beginOf(index), beginOf(index + 1)];
  const { from, to } = segment ?? { from: begin, to: next };
  return { index, segment, from, to: to >= next && to < beginOf(index + 2) ? to : next };
}

/** What a format of pictures is called in addresses: all that decides how they are decoded. */
export const formatName = (mark: PictureMark, { output: { name } }: LiveStream): string =>
  shortVersion(shortHash(JSON.stringify([name, encodeMark(mark).facts])));
