import type { Bytes, Frames, Hertz, Samples } from '../units.ts';
import type { Timeline } from './timeline.ts';

/** How one chunk is encoded by a fresh encoder: what it is fed, and which of its frames are the chunk. */
export interface ChunkPlan {
  readonly index: number;
  /** Frames of the fresh encoder that come before the chunk and are dropped. */
  readonly preroll: Frames;
  readonly frames: Frames;
  /** Presentation samples of the source, at its rate, that the encoder needs; half-open. */
  readonly from: Samples;
  readonly to: Samples;
  /** Of the resampled stretch (which starts at `from`): the part that is audio, half-open, then silence up to `encoded`. */
  readonly audioStart: Samples;
  readonly audioEnd: Samples;
  /** Samples that the encoder is given. */
  readonly encoded: Samples;
}

/** 40 ms are a whole number of samples at every common rate, so every chunk resamples in phase. */
const PHASE_PER_SECOND = 25;

/**
 * The plan of chunk `index`. Chunk 0 has no pre-roll: a fresh encoder is what starts the file. The resampler starts
 * one to two phases (40 ms) early, and sees one phase of the source beyond the end of an inner chunk.
 */
export function planChunk(
  timeline: Timeline,
  source: { sampleRate: Hertz; samples: Samples | null },
  index: number,
): ChunkPlan {
  const { sampleRate, frameSamples, origin } = timeline;
  const first = index * timeline.chunkFrames;
  const frames = chunkFrames(timeline, index);
  const preroll = Math.min(timeline.preroll, first);
  const start = origin + (first - preroll) * frameSamples;
  const encoded = (preroll + frames + timeline.tail) * frameSamples;
  const end = Math.min(start + encoded, origin + (timeline.samples ?? Infinity));
  const phase = sampleRate / PHASE_PER_SECOND;
  const resampled = Math.max(0, Math.floor(start / phase) - 1) * phase;
  const phaseAtSource = source.sampleRate / PHASE_PER_SECOND;
  const needed = Math.ceil((end * source.sampleRate) / sampleRate) + phaseAtSource;
  return {
    index,
    preroll,
    frames,
    from: Math.round((resampled * source.sampleRate) / sampleRate),
    to: Math.min(Math.ceil(needed), source.samples ?? Infinity),
    audioStart: start - resampled,
    audioEnd: end - resampled,
    encoded,
  };
}

/** Frames of chunk `index`. */
export const chunkFrames = (timeline: Timeline, index: number): Frames =>
  Math.min(timeline.chunkFrames, (timeline.frames ?? Infinity) - index * timeline.chunkFrames);

/** Bytes of the frames of chunk `index`; null where frames differ in size. */
export const chunkBytes = (timeline: Timeline, index: number): Bytes | null =>
  timeline.frameBytes === null ? null : chunkFrames(timeline, index) * timeline.frameBytes;
