import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import type { RenditionHead } from '../live/head.ts';
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
/** And at what is made here. */
const WAKE_MS: Milliseconds = 100;

type Runs = RenditionHead['runs'];

/**
 * The chunks of `stream` as soon as there are segments of what is on just now, having seen to it that it goes on. Where time is paid for
 * and nobody makes chunks, this request does until there is one segment more, so that listeners who come back for the
 * next one carry the channel in turn. Throws what the channel fails with, SOURCE_TIMEOUT when nothing comes.
 */
export async function keptGoing(stream: LiveStream, request: Request, baton: Baton, notes: Notes): Promise<Runs> {
  const signal = AbortSignal.any([request.signal, request.closing]);
  const until = performance.now() + PATIENCE_MS;
  if (!request.limits.isBilledByTime) {
    stream.attend(ATTENDED_MS);
    return await segmentAfter(-1, stream, () => stream.runs(), baton, until, signal);
  }
  for (;;) {
    if (await stream.look(signal)) return await carried(stream, baton, notes, until, signal);
    if (isCurrent(stream, storedRuns(stream), -1, baton)) return storedRuns(stream);
    if (performance.now() >= until) throw tooLate();
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/** What others can be sent to: what is here alone may never be stored. */
const storedRuns = ({ channel, output }: LiveStream): Runs =>
  channel.head.latest()?.renditions[output.name]?.runs ?? [];

/** Makes chunks until there is a segment more in the store than now. */
async function carried(
  stream: LiveStream,
  baton: Baton,
  { meter }: Notes,
  until: Milliseconds,
  signal: AbortSignal,
): Promise<Runs> {
  const before = endOf(storedRuns(stream), stream);
  const held = stream.hold();
  try {
    return await segmentAfter(before, stream, () => storedRuns(stream), baton, until, signal);
  } finally {
    await held.letGo();
    stream.channel.bill.pay(meter);
  }
}

async function segmentAfter(
  before: number,
  stream: LiveStream,
  runs: () => Runs,
  baton: Baton,
  until: Milliseconds,
  signal: AbortSignal,
): Promise<Runs> {
  while (!isCurrent(stream, runs(), before, baton)) {
    const failed = stream.failure();
    if (failed !== null) throw failed;
    if (performance.now() >= until) throw tooLate();
    await sleep(WAKE_MS, undefined, { signal });
  }
  return runs();
}

/** Whether there is a segment of what is on just now, and a later one than `before`. */
const isCurrent = (stream: LiveStream, runs: Runs, before: number, baton: Baton): boolean =>
  isOn(stream, baton.now()) && endOf(runs.slice(-1), stream) > before;

/** The number behind the last segment; -1 when there is none. */
const endOf = (runs: Runs, { output }: LiveStream): number => segmentsOf(runs, chunksIn(output.grid))?.end ?? -1;

const tooLate = (): BatonError => new BatonError('SOURCE_TIMEOUT', 'no segment in time');
