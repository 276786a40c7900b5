import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Milliseconds } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { chunksIn, SEGMENT_MS, segmentsOf } from './hls-live-segments.ts';
import { isOn } from './live-place.ts';
import type { Request } from './reply.ts';

/** Players load a playlist again after each segment, and after half of one where there was nothing new. */
const ATTENDED_MS: Milliseconds = 3 * SEGMENT_MS;
/** So long the first segment of a channel is waited for. Players wait 10 s for a playlist, and then ask again. */
const PATIENCE_MS: Milliseconds = 15_000;
/** How often the store is looked at while others make what is waited for. */
const LOOK_MS: Milliseconds = 400;

/**
 * Resolves when `stream` has segments of what is on just now, having seen to it that it goes on. Where time is paid for
 * and nobody makes chunks, this request does until there is one segment more, so that listeners who come back for the
 * next one carry the channel in turn. Throws what the channel fails with, SOURCE_TIMEOUT when nothing comes.
 */
export async function keptGoing(stream: LiveStream, request: Request, baton: Baton, notes: Notes): Promise<void> {
  const signal = AbortSignal.any([request.signal, request.closing]);
  const until = performance.now() + PATIENCE_MS;
  if (!request.limits.isBilledByTime) {
    stream.attend(ATTENDED_MS);
    await segmentAfter(-1, stream, baton, until, signal);
  } else if (await stream.look(signal)) {
    await carried(stream, baton, notes, until, signal);
  } else {
    while (!isCurrent(stream, -1, baton)) {
      if (performance.now() >= until) throw tooLate();
      await sleep(LOOK_MS, undefined, { signal });
      if (await stream.look(signal)) {
        await carried(stream, baton, notes, until, signal);
        return;
      }
    }
  }
}

/** Makes chunks until there is a segment more than now. */
async function carried(
  stream: LiveStream,
  baton: Baton,
  { meter }: Notes,
  until: Milliseconds,
  signal: AbortSignal,
): Promise<void> {
  const before = newest(stream);
  const held = stream.hold();
  try {
    await segmentAfter(before, stream, baton, until, signal);
  } finally {
    await held.letGo();
    stream.channel.bill.pay(meter);
  }
}

async function segmentAfter(
  before: number,
  stream: LiveStream,
  baton: Baton,
  until: Milliseconds,
  signal: AbortSignal,
): Promise<void> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(tooLate());
  }, until - performance.now());
  const either = AbortSignal.any([signal, late.signal]);
  try {
    while (!isCurrent(stream, before, baton)) await stream.changed(either);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether there is a segment of what is on just now, and a later one than `before`. */
function isCurrent(stream: LiveStream, before: number, baton: Baton): boolean {
  const last = stream.runs().slice(-1);
  return isOn(stream, baton.now()) && (segmentsOf(last, chunksIn(stream.output.grid))?.end ?? -1) > before;
}

const newest = (stream: LiveStream): number => segmentsOf(stream.runs(), chunksIn(stream.output.grid))?.end ?? -1;

const tooLate = (): BatonError => new BatonError('SOURCE_TIMEOUT', 'no segment in time');
