import type { Timeline } from '../grid/timeline.ts';
import type { Frames, Milliseconds, Samples, Seconds } from '../units.ts';

/** What one body of a framed stream holds, in frames of the output; half-open. */
export interface Leg {
  /** Where it begins to be decoded: before `from` when the decoder has nothing yet to go on from. */
  readonly first: Frames;
  /** The first frame that the listener is to hear. */
  readonly from: Frames;
  /** Infinite while the length of the stream is not known and nothing ends the leg before. */
  readonly to: Frames;
  /** From here on the next leg may be opened; infinite when the stream ends with this one. */
  readonly closingAt: Frames;
}

/** Packets that a decoder wants before the first one that counts: 43 ms of AAC, 80 ms of Opus (RFC 7845 section 4.6). */
const PREROLL: Readonly<Record<string, Frames>> = { aac: 2, opus: 4 };

/** The whole stream. */
export const wholeLeg = (timeline: Timeline): Leg => legTo(timeline, 0, 0, timeline.frames ?? Infinity);

/** What goes on exactly at frame `from`. */
export const resumedLeg = (timeline: Timeline, from: Frames, lengthMs: Milliseconds): Leg => {
  const start = Math.min(from, timeline.frames ?? Infinity);
  return legTo(timeline, start, start, legEnd(timeline, start, lengthMs));
};

/** What begins at a time of the presentation, or at its end when that lies before. */
export function soughtLeg(timeline: Timeline, atMs: Milliseconds, lengthMs: Milliseconds): Leg {
  const { frameSamples, priming, sampleRate, codec, samples } = timeline;
  const sample = Math.floor((atMs * sampleRate) / 1000);
  const isBehind = samples !== null && sample >= samples;
  const from = isBehind ? (timeline.frames ?? 0) : Math.floor((sample + priming) / frameSamples);
  const first = isBehind ? from : Math.max(0, from - (PREROLL[codec] ?? 0));
  return legTo(timeline, first, from, legEnd(timeline, from, lengthMs));
}

/** When the first sample of `frame` is heard; the priming is not, and the end is the end. */
export const samplesAt = ({ frameSamples, priming, samples }: Timeline, frame: Frames): Samples =>
  Math.min(samples ?? Infinity, Math.max(0, frame * frameSamples - priming));

/** As `samplesAt`, in whole microseconds. */
export const secondsAt = (timeline: Timeline, frame: Frames): Seconds =>
  Math.round((samplesAt(timeline, frame) / timeline.sampleRate) * 1e6) / 1e6;

/** At the last end of a chunk within the length of a leg, unless that would cut it by more than half. */
function legEnd(timeline: Timeline, from: Frames, lengthMs: Milliseconds): Frames {
  const { chunkFrames, frameSamples, sampleRate } = timeline;
  const most = Math.max(1, Math.floor((lengthMs * sampleRate) / 1000 / frameSamples));
  const atChunk = Math.floor((from + most) / chunkFrames) * chunkFrames;
  return atChunk - from >= most / 2 ? atChunk : from + most;
}

function legTo(timeline: Timeline, first: Frames, from: Frames, wanted: Frames): Leg {
  const { chunkFrames } = timeline;
  const end = timeline.frames ?? Infinity;
  const to = Math.min(end, wanted);
  const lastChunk = Math.floor((to - 1) / chunkFrames) * chunkFrames;
  return { first, from, to, closingAt: to === end ? Infinity : Math.max(first, lastChunk) };
}
