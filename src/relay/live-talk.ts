import type { BatonError } from '../errors.ts';
import { CHANNEL_RATE, chunkSamples } from '../grid/live.ts';
import type { LiveStream } from '../live/live-stream.ts';
import { emsg } from '../media/emsg.ts';
import type { LegRecord } from '../meter/usage.ts';
import type { Frames, Samples, Seconds } from '../units.ts';
import type { StreamEvent } from './leg-events.ts';
import type { LegChunk, LiveLeg } from './live-leg.ts';
import type { LiveMuxer } from './live-muxer.ts';
import { createTeller, windowOf } from './live-told.ts';
import { retryAfterSeconds } from './retry-after.ts';

/** What one listener is told between the fragments of a leg. */
export interface LiveTalk {
  /** The init segment, and what stands before the first chunk. */
  opening(muxer: LiveMuxer): readonly Uint8Array[];
  before(chunk: LegChunk): readonly Uint8Array[];
  /** Of a chunk that the leg brings up to `change` alone, what comes later is the next leg's to tell. */
  after(index: number, change?: Frames | null): readonly Uint8Array[];
  beat(): Uint8Array;
  /** The leg ends here; at `frame` where another decoder is needed from there on. */
  ending(frame?: Frames): Uint8Array;
  failure(error: BatonError): Uint8Array;
}

/** Of whom, and how. */
export interface TalkParts {
  readonly stream: LiveStream;
  readonly leg: LiveLeg;
  /** The first frame of the grid that the listener is to hear; those before it are for the decoder. */
  readonly from: Frames;
  /** Names this life of the channel, shortly. */
  readonly version: string;
  readonly tokenAt: (frame: Frames) => string;
  readonly behind: Seconds;
  /** What the listener has to be told at once, such as that the channel is not the one they resumed. */
  readonly said: readonly StreamEvent[];
  /** Kept up to date. */
  readonly record: LegRecord;
  /** From which frame on all has to come again when the body is cut; null: from where the next one of the sound is. */
  readonly wholeTo?: () => Frames;
}

export function liveTalk(parts: TalkParts): LiveTalk {
  const { stream, leg, from, tokenAt, record } = parts;
  const { grid } = stream.output;
  const samples = chunkSamples(grid);
  const firstIndex = Math.floor(from / grid.chunkFrames);
  const teller = createTeller(firstIndex * samples + soundOf(from - firstIndex * grid.chunkFrames));
  let next = firstIndex * grid.chunkFrames;
  let events = 0;
  let isAnnounced = false;
  Object.assign(record, { from: secondsAt(from), to: secondsAt(from), end: null, role: 'followed' });

  function secondsAt(frame: Frames): Seconds {
    const at = Math.max(0, frame * grid.frameSamples - grid.priming);
    return Math.round((at / grid.sampleRate) * 1e6) / 1e6;
  }
  /** On the channel. */
  function soundOf(frames: Frames): Samples {
    return Math.floor((frames * grid.frameSamples * CHANNEL_RATE) / grid.sampleRate);
  }
  const headNow = () => stream.channel.head.latest();
  const pointAt = (frame: Frames) => ({ time: secondsAt(frame), token: tokenAt(frame) });
  const live = () => windowOf(stream.runs(), grid, parts.behind);
  const resumedAt = (): Frames => Math.min(next, parts.wholeTo?.() ?? Infinity);
  const position = (): StreamEvent => ({
    ...{ type: 'position', time: secondsAt(next), token: tokenAt(resumedAt()) },
    live: live(),
  });
  const say = (data: StreamEvent): Uint8Array =>
    emsg({ id: ++events, time: Math.max(0, next * grid.frameSamples - grid.priming), data });
  /** News of the sound before `to`: what is known of the rest may still change. */
  const untold = (to: Samples): readonly StreamEvent[] => teller.upTo(to, headNow());

  return {
    opening: ({ init, codec, bitrate, video }) => {
      const told = teller.opening(headNow());
      const start: StreamEvent = {
        ...{ type: 'start', time: secondsAt(from), frame: from, duration: null, legSeconds: null, codec, bitrate },
        version: parts.version,
        live: live(),
        ...(video === undefined ? {} : { video }),
      };
      return [init, ...[start, ...parts.said, ...(told === null ? [] : [told])].map(say)];
    },
    before: ({ index, lost }) => {
      next = index * grid.chunkFrames;
      const missingMs = Math.round((lost * samples) / 48);
      const gone: StreamEvent[] =
        lost === 0 ? [] : [{ type: 'discontinuity', time: secondsAt(next), missingMs, why: 'lost' }];
      return [...gone, ...untold(index * samples), position()].map(say);
    },
    after: (index, change = null) => {
      next = (index + 1) * grid.chunkFrames;
      record.to = secondsAt(next);
      if (stream.state() === 'producing') record.role = 'produced';
      const told = untold(change === null ? (index + 1) * samples : soundOf(change));
      const end = leg.end();
      if (isAnnounced || end === null) return told.map(say);
      isAnnounced = true;
      return [...told, { type: 'closing', ...pointAt(end * grid.chunkFrames) } as const].map(say);
    },
    beat: () => say(position()),
    ending: (frame) => {
      next = frame ?? next;
      record.end = 'leg';
      return say({ type: 'end', reason: 'leg', ...pointAt(next) });
    },
    failure: (error) => {
      record.end = 'error';
      const { code, message } = error;
      const retryAfter = retryAfterSeconds(error) ?? null;
      const token = error.status < 500 ? null : tokenAt(resumedAt());
      return say({ type: 'error', code, message, retryAfterSeconds: retryAfter, token });
    },
  };
}
