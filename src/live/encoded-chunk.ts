import { encodeJob } from '../encode/batch.ts';
import type { EncoderDeps } from '../encode/encoder.ts';
import type { EncodeMeter } from '../encode/output.ts';
import { planChunk } from '../grid/chunk.ts';
import { CHANNEL_RATE } from '../grid/live.ts';
import type { Timeline } from '../grid/timeline.ts';
import type { Samples } from '../units.ts';
import { channelPcm } from './pcm.ts';
import type { Soundtrack } from './soundtrack.ts';

/**
 * The bytes of chunk `index` of a channel, laid out by `timeline`, as they can be made. They depend on the sound alone,
 * not on who encodes it. Throws what encoding and decoding throw.
 */
export async function* encodedChunk(
  index: number,
  timeline: Timeline,
  sound: Soundtrack,
  deps: EncoderDeps,
  meter: EncodeMeter,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { channels } = timeline;
  const job = {
    timeline,
    plans: [planChunk(timeline, CHANNEL_SOUND, index)],
    packets: (from: Samples, to: Samples, stop: AbortSignal) => ({
      ...({ codec: 'pcm_f32le', decoderConfig: null, sampleRate: CHANNEL_RATE, channels, skip: 0 } as const),
      packets: channelPcm(sound, { from, to }, channels, deps, meter, stop),
    }),
  };
  for await (const { bytes } of encodeJob(job, deps, meter, signal)) yield bytes;
}

/** Where on the channel encoding of chunk `index` begins. */
export const encodedFrom = (timeline: Timeline, index: number): Samples =>
  planChunk(timeline, CHANNEL_SOUND, index).from;

const CHANNEL_SOUND = { sampleRate: CHANNEL_RATE, samples: null };
