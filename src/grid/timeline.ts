import { BatonError } from '../errors.ts';
import type { Bytes, Frames, Hertz, Kbps, Samples } from '../units.ts';
import type { Mp3Rendition } from './rendition.ts';

/** The grid of one MP3 output: frames of equal size, cut into chunks of equal length. */
export interface Timeline {
  readonly kbps: Kbps;
  readonly channels: 1 | 2;
  readonly sampleRate: Hertz;
  readonly frameSamples: Samples;
  readonly frameBytes: Bytes;
  /** Output samples that a decoder must give; null while the length of the source is not known. */
  readonly samples: Samples | null;
  /** Audio frames of the whole output, the Info frame not counted. */
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

/** Length of a chunk; the last one may be shorter. */
export const CHUNK_FRAMES: Frames = 100;

/** libmp3lame's delay (576) and an MP3 decoder's (529): what a decoder drops in front. */
export const ENCODER_DELAY: Samples = 576;
const CODEC_DELAY: Samples = 1105;
/** Decoders refuse a file with fewer. */
const LEAST_FRAMES: Frames = 2;
const LOW_RATE_BELOW: Kbps = 64;

/**
 * Lays a rendition of a source on the grid. N = ceil(source samples x output rate / source rate), less the trims;
 * F = ceil((N + 1105) / frame samples), at least 2. Throws TRIM_OUT_OF_RANGE when nothing would be left.
 */
export function layTimeline(rendition: Mp3Rendition, source: Span): Timeline {
  const low = rendition.kbps < LOW_RATE_BELOW;
  const sampleRate = low ? 24_000 : 48_000;
  const frameSamples = low ? 576 : 1152;
  const origin = (rendition.startMs * sampleRate) / 1000;
  const samples = trimmedSamples(rendition, source, sampleRate, origin);
  return {
    kbps: rendition.kbps,
    channels: rendition.channels ?? (source.channels === 1 ? 1 : 2),
    sampleRate,
    frameSamples,
    frameBytes: 3 * rendition.kbps,
    samples,
    frames: samples === null ? null : Math.max(LEAST_FRAMES, Math.ceil((samples + CODEC_DELAY) / frameSamples)),
    origin,
  };
}

/** Samples at the end of the last frame that a decoder drops, as the Info frame states them. */
export const encoderPadding = (frames: Frames, frameSamples: Samples, samples: Samples): Samples =>
  frames * frameSamples - ENCODER_DELAY - samples;

/** Chunks of an output; infinite while its length is not known. */
export const chunkCount = (timeline: Timeline): number =>
  timeline.frames === null ? Infinity : Math.ceil(timeline.frames / CHUNK_FRAMES);

function trimmedSamples(rendition: Mp3Rendition, source: Span, sampleRate: Hertz, origin: Samples): Samples | null {
  if (source.samples === null) return null;
  const whole = Math.ceil((source.samples * sampleRate) / source.sampleRate);
  const end = rendition.endMs === null ? whole : Math.min(whole, (rendition.endMs * sampleRate) / 1000);
  if (end <= origin) throw new BatonError('TRIM_OUT_OF_RANGE', `start ${rendition.startMs} ms, ${whole} samples`);
  return end - origin;
}
