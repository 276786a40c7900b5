import type { Ends } from '../encode/play-chunks.ts';
import type { TrackName } from '../hls/place.ts';
import type { Seconds } from '../units.ts';
import type { Notes } from './app.ts';

/** A track of the HLS of a file whose length is known. Nothing of it is read or encoded before a segment is asked for. */
export interface HlsTrack {
  readonly name: TrackName;
  readonly type: 'audio/mp4' | 'video/mp4';
  /** Tells its segments from those of another version of the source; `shortVersion` of it stands in their addresses. */
  readonly version: string;
  /** Where each of its segments ends on its presentation; the first one begins at 0. */
  readonly ends: readonly Seconds[];
  /** Of its segments and their initialization: the same tag, the same bytes. */
  readonly tag: string;
  init(signal: AbortSignal): Uint8Array | Promise<Uint8Array>;
  /**
   * A segment as pieces that can be sent as they come; the same bytes every time, whoever makes it. Throws before the
   * first piece what keeps it from being made.
   */
  segment(index: number, notes: Notes, ends: Ends): AsyncGenerator<Uint8Array, void>;
}
