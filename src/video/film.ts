import type { PictureFacts } from '../media/picture-facts.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Seconds } from '../units.ts';

/** What is known of the pictures of one version of a source. */
export type FilmFacts = PictureFacts;

/** One coded picture. */
export interface FilmPacket {
  readonly bytes: Uint8Array;
  /** When it is shown. */
  readonly at: Seconds;
  readonly isKey: boolean;
}

/** The pictures of a source. Its time is that of the sound: 0 is where the sound begins, if there is any. */
export interface Film {
  readonly facts: FilmFacts;
  /** When the first picture is shown, which may be before the sound begins, and when the last one ends. */
  readonly start: Seconds;
  readonly duration: Seconds;
  /**
   * In the order they are decoded, from the key picture on that is needed for what is shown at `from`, up to the last one
   * that is shown before or at `to`; a few more may follow. Throws VIDEO_KEYS_RARE, SOURCE_DAMAGED, and what reading does.
   */
  packets(from: Seconds, to: Seconds, signal: AbortSignal, meter?: SourceMeter): AsyncGenerator<FilmPacket, void>;
  /** Where its pictures may change while its sound stays the same: what tells them from others. */
  readonly version?: string;
  /** Whether the source was seen to have changed, and the film is to be opened anew. */
  readonly isStale?: () => boolean;
  /** Where its H.264 may be passed on as it is; null where it has to be coded anew. */
  readonly cuts: FilmCuts | null;
}

/** Coded pictures from one key picture to another one, of which nothing needs to be changed. */
export interface FilmCuts {
  /** Ticks a second. */
  readonly timescale: number;
  /** The composition time of what is shown at 0, in ticks: no picture is shown before it is decoded. */
  readonly mediaTime: number;
  readonly pieces: readonly FilmPiece[];
  /** The coded pictures of a piece, in the order they are decoded. */
  read(index: number, signal: AbortSignal, meter?: SourceMeter): AsyncGenerator<CutPicture, void>;
}

/** What becomes a segment. */
export interface FilmPiece {
  /** In ticks, from the first one on. */
  readonly decodeTime: number;
  /** From when its first picture is shown to when that of the next piece is. */
  readonly duration: Seconds;
  readonly bytes: number;
}

export interface CutPicture {
  readonly bytes: Uint8Array;
  readonly duration: number;
  readonly shownAfter: number;
  readonly isKey: boolean;
}
