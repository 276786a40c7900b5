import { BatonError } from '../errors.ts';
import type { Timeline } from '../grid/timeline.ts';
import { emsg } from '../media/emsg.ts';
import { fragment, type Track } from '../media/fmp4.ts';
import type { Frames, Milliseconds, Samples, Seconds } from '../units.ts';
import type { StreamEvent } from './leg-events.ts';
import { samplesAt, secondsAt, type Leg } from './leg.ts';
import { retryAfterSeconds } from './retry-after.ts';

/** Turns the frames of a leg into fragments and events. Every method gives what is to be sent, in order. */
export interface LegWriter {
  /** An event of its own. */
  say(event: StreamEvent): Uint8Array;
  /** Frames that follow those taken before; gives the fragments that are full. */
  take(frames: readonly Uint8Array[]): readonly Uint8Array[];
  /** Nothing has come for a while: gives what there is, or else says that the stream lives. */
  beat(): readonly Uint8Array[];
  /** The leg is to end with the frames that were taken. */
  close(): void;
  /** Whether it has all frames of the leg, and whether the stream ends with them. */
  isFull(): boolean;
  isLast(): boolean;
  /** The last of a stream of so many samples. */
  endOfStream(samples: Samples): readonly Uint8Array[];
  endOfLeg(): readonly Uint8Array[];
  fail(error: BatonError): readonly Uint8Array[];
  /** When what was given so far ends. */
  time(): Seconds;
}

const MOST_MS: Milliseconds = 500;
const FIRST_MS: Milliseconds = 100;
const POSITION_MS: Milliseconds = 1000;

/** A writer for `leg` of `track`. `tokenAt` gives the text that resumes at a frame. */
export function legWriter(leg: Leg, timeline: Timeline, track: Track, tokenAt: (frame: Frames) => string): LegWriter {
  const { frameSamples, sampleRate } = timeline;
  const framesIn = (ms: Milliseconds): Frames => Math.floor((ms * sampleRate) / 1000 / frameSamples);
  // The last frame of a stream is cut to its end: where that is not known, one frame stays back to be cut.
  const heldBack: Frames = timeline.frames === null ? 1 : 0;
  let { to, closingAt } = leg;
  let pending: Uint8Array[] = [];
  let next = leg.first;
  let total = timeline.samples;
  let room = framesIn(FIRST_MS);
  let positionAt = -Infinity;
  let hasAnnounced = false;
  let events = 0;

  const known = (): Timeline => ({ ...timeline, samples: total });
  const say = (data: StreamEvent): Uint8Array => emsg({ id: ++events, time: samplesAt(known(), next), data });
  const pointAt = (frame: Frames) => ({ time: secondsAt(timeline, frame), token: tokenAt(frame) });

  /** Up to `count` frames as a fragment, with what has to be said before it. */
  function flush(count: Frames): Uint8Array[] {
    const frames = pending.slice(0, count);
    if (frames.length === 0) return [];
    pending = pending.slice(count);
    const parts: Uint8Array[] = [];
    if (next + frames.length - positionAt > framesIn(POSITION_MS)) parts.push(position());
    if (next >= closingAt && !hasAnnounced) {
      hasAnnounced = true;
      parts.push(say({ type: 'closing', ...pointAt(to) }));
    }
    const cut = total === null ? {} : lastOf(next + frames.length, total, track);
    parts.push(fragment({ sequence: next + 1, decodeTime: next * frameSamples, frames, ...cut }, track));
    next += frames.length;
    room = framesIn(MOST_MS);
    return parts;
  }

  function position(): Uint8Array {
    positionAt = next;
    return say({ type: 'position', ...pointAt(next) });
  }

  /** Where the fragment that begins at `next` has to end. */
  const limit = (): Frames => Math.min(room, to - next, closingAt > next ? closingAt - next : Infinity);

  /** Fragments of at least `least` frames, or that have to end where they do. */
  function flushFull(least: Frames): Uint8Array[] {
    const parts: Uint8Array[] = [];
    for (;;) {
      const ready = pending.length - (next + pending.length < to ? heldBack : 0);
      if (ready <= 0 || ready < Math.min(least, limit())) return parts;
      parts.push(...flush(Math.min(ready, limit())));
    }
  }

  const rest = (): Uint8Array[] => {
    const parts: Uint8Array[] = [];
    while (pending.length > 0) parts.push(...flush(limit()));
    return parts;
  };

  return {
    say,
    take: (frames) => {
      pending.push(...frames.slice(0, Math.max(0, to - next - pending.length)));
      return flushFull(Infinity);
    },
    beat: () => {
      const parts = flushFull(1);
      return parts.length > 0 ? parts : [position()];
    },
    close: () => {
      to = Math.min(to, next + pending.length);
      closingAt = Math.min(closingAt, next);
    },
    isFull: () => next + pending.length >= to,
    isLast: () => next + pending.length === timeline.frames,
    endOfStream: (samples) => {
      total = samples;
      return [...rest(), say({ type: 'end', reason: 'eos', time: secondsAt(known(), next) })];
    },
    endOfLeg: () => [...rest(), say({ type: 'end', reason: 'leg', ...pointAt(next) })],
    fail: (error) => {
      const { code, message } = error;
      const parts = rest();
      const token = error.status < 500 ? null : tokenAt(next);
      const retryAfter = retryAfterSeconds(error) ?? null;
      return [...parts, say({ type: 'error', code, message, retryAfterSeconds: retryAfter, token })];
    },
    time: () => secondsAt(known(), next),
  };
}

/** Of the stream's last frame only what lies before its end is heard. */
export function lastOf(end: Frames, samples: Samples, { frameSamples, priming }: Track): { lastSamples?: Samples } {
  const left = priming + samples - (end - 1) * frameSamples;
  if (left > frameSamples) return {};
  if (left <= 0) throw new BatonError('INTERNAL', `frame ${end - 1} lies behind the end`);
  return { lastSamples: left };
}
