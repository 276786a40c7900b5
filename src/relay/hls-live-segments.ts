import { CHANNEL_RATE, chunkSamples, type LiveGrid } from '../grid/live.ts';
import type { Head, RenditionHead } from '../live/head.ts';
import type { Milliseconds } from '../units.ts';

/** What segments of a channel last, whatever its codec: whole chunks. */
export const SEGMENT_MS: Milliseconds = 4_800;

/** Chunks of a rendition in a segment. */
export const chunksIn = (grid: LiveGrid): number => Math.round((SEGMENT_MS * CHANNEL_RATE) / 1000 / chunkSamples(grid));

/**
 * What is added to the count of segments since a channel was created, which gives its media sequence numbers: a channel
 * that has to begin anew, because the store has lost it, goes on with higher ones.
 */
export const firstNumber = ({ createdAt }: Pick<Head, 'createdAt'>): number => Math.ceil(createdAt / SEGMENT_MS);

/** Segments in order, of which some are not there. Counted from the creation of the channel. */
export interface SegmentRun {
  readonly first: number;
  readonly end: number;
  readonly has: (index: number) => boolean;
}

/** The segments that runs of chunks hold wholly, from the oldest to the newest; null when there is none. */
export function segmentsOf(runs: RenditionHead['runs'], chunks: number): SegmentRun | null {
  const whole = runs
    .map(([from, to]) => [Math.ceil(from / chunks), Math.floor(to / chunks)] as const)
    .filter(([first, end]) => end > first);
  const [oldest, newest] = [whole[0], whole.at(-1)];
  if (oldest === undefined || newest === undefined) return null;
  return { first: oldest[0], end: newest[1], has: (index) => whole.some(([from, to]) => index >= from && index < to) };
}
