import { ladderOf, type Picture } from '../grid/picture.ts';
import type { VideoTrack } from '../media/fmp4-video.ts';
import type { Seconds } from '../units.ts';
import { codedVideo, type VideoDeps } from './coded-video.ts';
import { copiedVideo } from './copied-video.ts';
import type { Film, FilmFacts } from './film.ts';
import type { MakeSegment } from './segments.ts';

/** One rendition of the pictures of a source: the source's own, or coded anew. */
export interface OfferedVideo extends Picture {
  /** What it is called. */
  readonly lines: number;
  /** Frames a second. */
  readonly rate: number;
  /** RFC 6381. */
  readonly codecs: string;
  /** Bits a second: of the segment with most, and of all together. */
  readonly bandwidth: number;
  readonly averageBandwidth: number;
  /** That of its pictures: whoever has another one makes other bytes. */
  readonly version: string;
  /** How long each segment is; together as long as the film. */
  readonly durations: readonly Seconds[];
  /** Store key of its segments, without the index; null where they are the source's own, and are not kept. */
  readonly key: string | null;
  /** What decoders are told before any segment. */
  track(signal: AbortSignal): Promise<VideoTrack>;
  /** Fragments of segment `index` as they are made; the same bytes each time. */
  segment(index: number): MakeSegment;
}

/** What is offered of a film, the largest first; `source` is the version of its source. */
export function offeredVideo(film: Film, source: string, deps: VideoDeps): readonly OfferedVideo[] {
  const version = film.version ?? source;
  const shown = shownAs(film.facts);
  const own = film.cuts && copiedVideo(film, film.cuts, shown, version);
  const rungs = ladderOf(shown, film.facts.rate).filter(({ lines }) => own === null || lines < own.lines);
  return [...(own === null ? [] : [own]), ...rungs.map((rung) => codedVideo(film, rung, version, deps))];
}

/** In square pixels, the right way up. */
export function shownAs({ width, height, pixelAspect: [across, up], rotation }: FilmFacts): Picture {
  const wide = across >= up ? { width: (width * across) / up, height } : { width, height: (height * up) / across };
  const isTurned = rotation === 90 || rotation === 270;
  return isTurned ? { width: wide.height, height: wide.width } : wide;
}
