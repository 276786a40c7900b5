import { CHANNEL_RATE, chunkSamples } from '../grid/live.ts';
import type { RenditionHead } from '../live/head.ts';
import type { LiveStream } from '../live/live-stream.ts';
import { sameConfig, type PictureMark } from '../live/picture-mark.ts';
import { ticksOfSamples, type Ticks } from '../live/picture-time.ts';
import { shownAt, type PictureSpan } from '../live/shown-record.ts';
import { spanIn } from '../live/shown-span.ts';
import { chunksIn, SEGMENT_MS, segmentsOf, type SegmentRun } from './hls-live-segments.ts';
import { markOf } from './live-pictures.ts';

/** What a segment of pictures is made of, and when they are shown. */
export interface PictureSegment extends PictureSpan {
  /** Numbers of chunks, which are for one decoder. */
  readonly chunks: readonly number[];
  readonly mark: PictureMark;
}

/** When segment `index` of the sound begins, whose number its pictures have. */
export const beginOf = (index: number): Ticks => ticksOfSamples((index * SEGMENT_MS * CHANNEL_RATE) / 1000);

/**
 * The pictures of the chunks beside a segment of sound: from the first key picture among them up to that of the segment
 * behind. Of several formats the last one has the number. Null where there is no key picture.
 */
export function pictureSegment(index: number, pictures: LiveStream): PictureSegment | null {
  const count = chunksIn(pictures.output.grid);
  const all = Array.from({ length: count }, (_, at) => knownOf(index * count + at, pictures)).filter(isShown);
  const last = all.at(-1);
  if (last === undefined) return null;
  const { mark, span } = last;
  const own = all.slice(1 + all.findLastIndex((one) => !sameConfig(one.mark.facts, mark.facts)));
  return { chunks: own.map(({ chunk }) => chunk), mark, from: own[0]?.span.from ?? span.from, to: span.to };
}

/** The segments of pictures from the first to the last one that has any. */
export function pictureSegments(pictures: LiveStream, runs: RenditionHead['runs']): SegmentRun | null {
  const whole = segmentsOf(runs, chunksIn(pictures.output.grid));
  if (whole === null) return null;
  const has = (index: number): boolean => whole.has(index) && pictureSegment(index, pictures) !== null;
  let { first, end } = whole;
  while (end > first && !has(end - 1)) end -= 1; // a scene that goes on: where it ends is not known yet
  while (first < end && !has(first)) first += 1;
  return end > first ? { first, end, has } : null;
}

interface Known {
  readonly chunk: number;
  readonly mark: PictureMark | null;
  readonly span: PictureSpan | null;
}

function knownOf(chunk: number, pictures: LiveStream): Known {
  const { channel, output } = pictures;
  const head = channel.head.latest();
  const here = pictures.here(chunk)?.complete();
  const span =
    here == null
      ? shownAt(head?.renditions[output.name]?.shown, chunk, chunkSamples(output.grid))
      : spanIn(here, chunk, output, head?.pictures ?? []);
  return { chunk, mark: markOf(pictures, chunk), span };
}

const isShown = (known: Known): known is { chunk: number; mark: PictureMark; span: PictureSpan } =>
  known.mark !== null && known.span !== null;
