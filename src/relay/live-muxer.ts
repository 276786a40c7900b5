import type { Growing } from '../encode/growing.ts';
import { BatonError } from '../errors.ts';
import type { Timeline } from '../grid/timeline.ts';
import { initSegment, type Track } from '../media/fmp4.ts';
import type { Frames } from '../units.ts';
import type { StartEvent } from './leg-events.ts';
import { growingFragments, wholeFragments } from './live-fragments.ts';

/** How the chunks of a channel become fragments; frames are those of its grid. */
export interface LiveMuxer {
  readonly init: Uint8Array;
  /** As in the `codecs` parameter of a media type (RFC 6381). */
  readonly codec: string;
  /** Bits a second. */
  readonly bitrate: number;
  /** The pictures beside the sound. */
  readonly video?: StartEvent['video'];
  /** The fragments of a complete chunk, one behind the other. */
  whole(bytes: Uint8Array, index: number): Uint8Array;
  /** Those of a chunk that is being made. */
  growing(chunk: Growing, index: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
  /** The frame in a complete chunk from which on another decoder is needed; null: in none of it. */
  changeIn(chunk: Growing, index: number): Frames | null;
}

/** For what is encoded: the same from one end of the channel to the other. */
export const encodedMuxer = (timeline: Timeline, track: Track): LiveMuxer => ({
  init: initSegment(track),
  codec: track.codec === 'aac' ? 'mp4a.40.2' : 'Opus',
  bitrate: track.kbps * 1000,
  whole: (bytes, index) => wholeFragments(bytes, index, timeline, track),
  growing: (chunk, index, signal) => growingFragments(chunk, index, timeline, track, signal),
  changeIn: () => null,
});

/** What is encoded for a channel, as a track. */
export function soundTrack({ codec, channels, priming, kbps, frameSamples }: Timeline): Track {
  if ((codec !== 'aac' && codec !== 'opus') || kbps === null) throw new BatonError('INTERNAL', `${codec} in fragments`);
  return { codec, channels, priming, kbps, frameSamples, duration: null };
}
