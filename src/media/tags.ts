import type { Milliseconds } from '../units.ts';

/** What a file says about itself; all of it was written by others. */
export interface Tags {
  readonly title?: string;
  readonly artist?: string;
  readonly album?: string;
  /** In the order of their start. */
  readonly chapters: readonly Chapter[];
  readonly artwork?: Artwork;
}

/** Half-open, on the timeline of the file. */
export interface Chapter {
  readonly startMs: Milliseconds;
  readonly endMs: Milliseconds;
  readonly title: string;
}

/** A picture as it stands in the file. */
export interface Artwork {
  readonly mime: 'image/jpeg' | 'image/png';
  readonly bytes: Uint8Array;
}
