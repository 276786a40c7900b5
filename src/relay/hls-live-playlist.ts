import { BatonError } from '../errors.ts';
import { formatPlace, type TrackName } from '../hls/place.ts';
import { targetDuration, writeMedia, type DateRange, type MediaSegment } from '../hls/write-media.ts';
import { toMs } from '../live/epoch.ts';
import type { Head, RenditionHead, TitleMark } from '../live/head.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Milliseconds } from '../units.ts';
import { chunksIn, firstNumber, SEGMENT_MS, segmentsOf } from './hls-live-segments.ts';

/** Of a playlist that does not go back further: 48 s. */
export const NEWEST = 10;
/** Players begin so far from the end, so that they have what they need in hand when the next segment is late. */
const START_SEGMENTS = 3;

/**
 * The media playlist of a channel of which there are these runs of chunks: its newest segments, or with `hasDvr` all that are there. What is not there is a gap
 * as long as it is, so that numbers and times are those of the channel from whichever process they come. The channel has
 * at least one segment.
 */
export function livePlaylist(
  track: TrackName,
  stream: LiveStream,
  runs: RenditionHead['runs'],
  hasDvr: boolean,
): string {
  const { grid } = stream.output;
  const head = stream.channel.head.latest();
  const listed = segmentsOf(runs, chunksIn(grid));
  if (head === null || listed === null) throw new BatonError('INTERNAL', 'a playlist of a channel without a segment');
  const { end, has } = listed;
  const first = hasDvr ? listed.first : Math.max(listed.first, end - NEWEST);
  const { priming, sampleRate } = grid;
  const { version, createdAt } = head;
  const primingMs = (priming * 1000) / sampleRate;
  const begins = (index: number): Date => new Date(createdAt + Math.max(0, index * SEGMENT_MS - primingMs));
  const segment = (index: number): MediaSegment => ({
    duration: ((SEGMENT_MS - (index === 0 ? primingMs : 0)) / 1000).toFixed(6),
    uri: formatPlace({ track, part: { kind: 'segment', version, index: firstNumber(head) + index } }),
    ...(index === first || (has(index) && !has(index - 1)) ? { programDateTime: begins(index) } : {}),
    ...(has(index) ? {} : { isGap: true }),
  });
  return writeMedia({
    kind: 'live',
    targetDuration: targetDuration(SEGMENT_MS / 1000),
    mediaSequence: firstNumber(head) + first,
    discontinuitySequence: lifeNumber(createdAt),
    ...(hasDvr ? { start: (-START_SEGMENTS * SEGMENT_MS) / 1000 } : {}),
    init: formatPlace({ track, part: { kind: 'init', version } }),
    segments: Array.from({ length: end - first }, (_, count) => segment(first + count)),
    dateRanges: titlesFrom(head, first * SEGMENT_MS),
  });
}

/**
 * Times are those of this life of the channel, and begin anew with the next one. Players have arrays of this length, so it
 * counts hours.
 */
export const lifeNumber = (createdAt: Milliseconds): number =>
  Math.max(0, Math.floor((createdAt - LIVES_SINCE) / HOUR_MS));

const LIVES_SINCE: Milliseconds = Date.UTC(2026, 0);
const HOUR_MS: Milliseconds = 3_600_000;

/** What was on at the first segment, and what has been since. */
export function titlesFrom({ createdAt, titles }: Head, fromMs: Milliseconds): readonly DateRange[] {
  const heard = titles.filter((_, index) => toMs(titles[index + 1]?.at ?? Infinity) > fromMs);
  return heard.map((mark) => dateRange(mark, createdAt));
}

const dateRange = ({ at, title, artist }: TitleMark, createdAt: Milliseconds): DateRange => ({
  id: `title-${at}`,
  class: TITLE_CLASS,
  start: new Date(createdAt + toMs(at)),
  values: { 'X-TITLE': title, ...(artist === undefined ? {} : { 'X-ARTIST': artist }) },
});

const TITLE_CLASS = 'baton.title';
