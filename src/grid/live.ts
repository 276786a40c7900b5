import type { Frames, Hertz, Samples } from '../units.ts';
import type { CodedRendition } from './rendition.ts';
import { layTimeline, type Timeline } from './timeline.ts';

/** How the sound of a channel is counted and cut in one of its renditions. */
export type LiveGrid = Pick<Timeline, 'sampleRate' | 'frameSamples' | 'chunkFrames' | 'priming'>;

/** Positions on a channel are samples at this rate. */
export const CHANNEL_RATE: Hertz = 48_000;

/** Frames in a chunk of a live channel: listeners of others are at most two chunks behind the one who makes them. */
const LIVE_CHUNK_FRAMES: Readonly<Record<CodedRendition['codec'], Frames>> = { mp3: 50, opus: 60, aac: 75 };

/** Where the packets of the source are passed on, whose frames fit into no grid: 1.2 s of them in a chunk. */
export const COPY_GRID: LiveGrid = { sampleRate: CHANNEL_RATE, frameSamples: 1, chunkFrames: 57_600, priming: 0 };

/**
 * The grid of a rendition of a channel, which has no end, and begins where the channel began. It is stereo where nothing
 * else is asked for: what comes on a channel may change.
 */
export function layLiveTimeline(rendition: CodedRendition): Timeline {
  const endless = { sampleRate: CHANNEL_RATE, channels: rendition.channels ?? 2, samples: null };
  return { ...layTimeline(rendition, endless), chunkFrames: LIVE_CHUNK_FRAMES[rendition.codec] };
}

/** How long a chunk is on the channel. */
export const chunkSamples = ({ chunkFrames, frameSamples, sampleRate }: LiveGrid): Samples =>
  (chunkFrames * frameSamples * CHANNEL_RATE) / sampleRate;
