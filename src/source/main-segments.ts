import type { Segment } from '../hls/media-playlist.ts';
import type { Seconds } from '../units.ts';

/**
 * The numbers of the segments in the longest stretch between discontinuities, without gaps: shorter ones are advertisements,
 * and may be for another decoder.
 */
export function mainSegments(segments: readonly Segment[]): readonly number[] {
  const lengths = new Map<number, Seconds>();
  for (const { discontinuitySequence: stretch, duration } of segments)
    lengths.set(stretch, (lengths.get(stretch) ?? 0) + duration);
  const [longest] = [...lengths].toSorted(([, a], [, b]) => b - a)[0] ?? [0];
  const isMain = ({ discontinuitySequence, gap }: Segment): boolean => discontinuitySequence === longest && !gap;
  return segments.flatMap((segment, number) => (isMain(segment) ? [number] : []));
}
