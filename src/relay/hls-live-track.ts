import type { BatonError } from '../errors.ts';
import type { TrackName } from '../hls/place.ts';
import type { RenditionHead } from '../live/head.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { SegmentRun } from './hls-live-segments.ts';

/** A track of the HLS of a channel: its sound in one rendition, or its pictures. Segments count from the creation of the channel. */
export interface LiveTrack {
  readonly name: TrackName;
  readonly type: 'audio/mp4' | 'video/mp4';
  readonly stream: LiveStream;
  /** The segments that there are of runs of chunks; null when there is none. */
  segments(runs: RenditionHead['runs']): SegmentRun | null;
  /** Whether more is known already than segments have been made of. */
  isBehind(runs: RenditionHead['runs']): boolean;
  /** The media playlist of runs of chunks that hold at least one segment. */
  playlist(runs: RenditionHead['runs'], hasDvr: boolean): string;
  /** The initialization section of that name. Throws NOT_FOUND. */
  init(version: string, signal: AbortSignal): Promise<Uint8Array>;
  /** A segment that is there. Throws SEGMENT_GONE where it is there no more. */
  pieces(index: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
  /** Why there is no segment in time. */
  missing(): BatonError;
}
