import type { MediaPlaylist, Segment } from '../hls/media-playlist.ts';
import type { Milliseconds, Seconds } from '../units.ts';

/** Dates of what belongs together may be off by so much. */
const ROUNDING: Milliseconds = 500;
/** One playlist may be behind the other by so many segments. */
const MOST_BEHIND = 4;

/**
 * The number of the segment of `other` that goes with `segment` of `media`, another playlist of the same channel: by date,
 * else by its number, else by its distance from the end. It may be one that is still to come.
 */
export function alikeIn(other: MediaPlaylist, segment: Segment, media: MediaPlaylist): number {
  const { segments, mediaSequence } = other;
  const last = segments.at(-1);
  const end = (last?.mediaSequence ?? mediaSequence - 1) + 1;
  const date = dateIn(media, segment);
  const dates = datesOf(other);
  const lastDate = dates.at(-1) ?? null;
  if (date !== null && last !== undefined && lastDate !== null) {
    if (date >= lastDate + last.duration * 1000 - ROUNDING) return end;
    const index = dates.findLastIndex((at) => at !== null && at <= date + ROUNDING);
    return segments[Math.max(0, index)]?.mediaSequence ?? mediaSequence;
  }
  const number = segment.mediaSequence;
  if (number >= mediaSequence && number < end + MOST_BEHIND) return number;
  return fromEnd(other, secondsOf(media.segments.filter((one) => one.mediaSequence > number)));
}

/** When a segment of `media` begins, in Unix time: as is stated of it or of one before it. Null where nothing is. */
export function dateIn(media: MediaPlaylist, segment: Segment): Milliseconds | null {
  const index = media.segments.findIndex(({ mediaSequence }) => mediaSequence === segment.mediaSequence);
  return datesOf(media)[index] ?? null;
}

function datesOf({ segments }: MediaPlaylist): (Milliseconds | null)[] {
  let next: Milliseconds | null = null;
  return segments.map(({ programDateTime, duration }) => {
    const date = programDateTime ?? next;
    next = date === null ? null : date + duration * 1000;
    return date;
  });
}

/** The last one that begins more than `behind` before the end. */
function fromEnd({ segments, mediaSequence }: MediaPlaylist, behind: Seconds): number {
  let total: Seconds = 0;
  const found = segments.findLast(({ duration }) => (total += duration) > behind);
  return found?.mediaSequence ?? mediaSequence;
}

const secondsOf = (segments: readonly Segment[]): Seconds => segments.reduce((sum, { duration }) => sum + duration, 0);
