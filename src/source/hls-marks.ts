import type { Segment } from '../hls/media-playlist.ts';
import type { Seconds } from '../units.ts';
import type { HlsIndex } from './hls-index.ts';
import type { HlsReader } from './hls-reader.ts';
import type { SourceMeter } from './reader.ts';
import type { ProbeRecord } from './record.ts';

/** What a time stamp stands for: within a stretch, time stamps of sound and pictures are of one clock. */
export interface SoundMark {
  /** EXT-X-DISCONTINUITY-SEQUENCE. */
  readonly stretch: number;
  readonly stamp: Seconds;
  /** On the presentation of the sound, which begins at 0. */
  readonly time: Seconds;
}

/** A mark for each stretch of which the index knows sound. Throws what reading an initialization section does. */
export async function soundMarks(
  index: HlsIndex,
  segments: readonly Segment[],
  { sampleRate, skip }: Pick<ProbeRecord, 'sampleRate' | 'skip'>,
  reader: HlsReader,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<readonly SoundMark[]> {
  const marks: SoundMark[] = [];
  for (const [number, segment] of segments.slice(0, index.segments).entries()) {
    const { next, at } = index.clock(number + 1);
    const stretch = segment.discontinuitySequence;
    if (marks.at(-1)?.stretch === stretch || at === null || index.entry(number)?.kind !== 'sound') continue;
    const track = await reader.track(segment, signal, meter);
    marks.push({ stretch, stamp: at - (track?.origin ?? 0), time: (next - skip) / sampleRate });
  }
  return marks;
}
