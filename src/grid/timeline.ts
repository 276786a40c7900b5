import { BatonError } from '../errors.ts';
import type { Frames, Hertz, Samples } from '../units.ts';
import { aacGrid, mp3Grid, opusGrid, pcmGrid, type CodecGrid } from './codecs.ts';
import type { GridRendition } from './rendition.ts';

/** The grid of one output. */
export interface Timeline extends CodecGrid {
  readonly channels: 1 | 2;
  /** Output samples that a decoder must give; null while the length of the source is not known. */
  readonly samples: Samples | null;
  /** Frames of the whole output; an Info frame is not counted. */
  readonly frames: Frames | null;
  /** Where output sample 0 lies on the source's presentation timeline, in output samples. */
  readonly origin: Samples;
}

/** What the grid has to know of a source. */
export interface Span {
  readonly sampleRate: Hertz;
  readonly channels: number;
  readonly samples: Samples | null;
}

/** Samples that libmp3lame puts in front; an MP3 decoder adds 529 of its own. */
export const ENCODER_DELAY: Samples = 576;
/** MP3 decoders refuse a file with fewer. */
const LEAST_MP3_FRAMES: Frames = 2;

/**
 * Lays a rendition of a source on the grid. N = ceil(source samples x output rate / source rate), less the trims;
 * F = ceil((N + priming) / frame samples), of MP3 at least 2. Throws TRIM_OUT_OF_RANGE when nothing would be left.
 */
export function layTimeline(rendition: GridRendition, source: Span): Timeline {
  const channels = rendition.channels ?? (source.channels === 1 ? 1 : 2);
  const grid = gridOf(rendition, channels);
  const origin = (rendition.startMs * grid.sampleRate) / 1000;
  const samples = trimmedSamples(rendition, source, grid.sampleRate, origin);
  const least = grid.codec === 'mp3' ? LEAST_MP3_FRAMES : 0;
  const frames = samples === null ? null : Math.max(least, Math.ceil((samples + grid.priming) / grid.frameSamples));
  return { ...grid, channels, samples, frames, origin };
}

/** Samples at the end of the last MP3 frame that a decoder drops, as the Info frame states them. */
export const encoderPadding = (frames: Frames, frameSamples: Samples, samples: Samples): Samples =>
  frames * frameSamples - ENCODER_DELAY - samples;

/** Chunks of an output; infinite while its length is not known. */
export const chunkCount = ({ frames, chunkFrames }: Timeline): number =>
  frames === null ? Infinity : Math.ceil(frames / chunkFrames);

function gridOf(rendition: GridRendition, channels: 1 | 2): CodecGrid {
  switch (rendition.codec) {
    case 'mp3':
      return mp3Grid(rendition.kbps);
    case 'opus':
      return opusGrid(rendition.kbps);
    case 'aac':
      return aacGrid(rendition.kbps);
    case 'pcm':
      return pcmGrid(channels);
  }
}

function trimmedSamples(rendition: GridRendition, source: Span, sampleRate: Hertz, origin: Samples): Samples | null {
  if (source.samples === null) return null;
  const whole = Math.ceil((source.samples * sampleRate) / source.sampleRate);
  const end = rendition.endMs === null ? whole : Math.min(whole, (rendition.endMs * sampleRate) / 1000);
  if (end <= origin) throw new BatonError('TRIM_OUT_OF_RANGE', `start ${rendition.startMs} ms, ${whole} samples`);
  return end - origin;
}
