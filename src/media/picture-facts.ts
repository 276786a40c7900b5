import type { Colour } from './avc.ts';
import type { Rotation } from './fmp4-video.ts';

/** What is known of the pictures of a source. */
export interface PictureFacts {
  readonly codec: 'h264' | 'hevc' | 'vp8' | 'vp9' | 'av1' | 'mpeg4';
  /** AVC, HEVC or AV1 configuration record, or what MPEG-4 puts before the first picture; null where there is none. */
  readonly config: Uint8Array | null;
  /** As coded. */
  readonly width: number;
  readonly height: number;
  /** Width of a pixel to its height. */
  readonly pixelAspect: readonly [number, number];
  /** Clockwise, how it is to be turned. */
  readonly rotation: Rotation;
  /** Frames a second: of most of them, else on average. Of a live source 0 where nothing tells yet. */
  readonly rate: number;
  /** Null where nothing says so. */
  readonly colour: Colour | null;
  /** Of a live source, as it began: key pictures begin no sequence, and what is behind one may need pictures before it. */
  readonly isOpen?: boolean;
  /** Of a live source, as it began: bits a second. */
  readonly bandwidth?: number;
}
