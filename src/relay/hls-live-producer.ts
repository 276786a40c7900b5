import { setTimeout as sleep } from 'node:timers/promises';
import type { RenditionHead } from '../live/head.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Milliseconds, Seconds } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { NEWEST } from './hls-live-playlist.ts';
import { chunksIn, SEGMENT_MS } from './hls-live-segments.ts';
import type { LiveTrack } from './hls-live-track.ts';
import { isOn } from './live-place.ts';
import type { Request } from './reply.ts';

/** Players load a playlist again after each segment, and after half of one where there was nothing new. */
export const ATTENDED_MS: Milliseconds = 3 * SEGMENT_MS;
/** So long the first segment of a channel is waited for. Players wait 10 s for a playlist, and then ask again. */
export const PATIENCE_MS: Milliseconds = 15_000;
/** Players who are given fewer have played all of it before they look again. */
const FIRST_SEGMENTS = 2;
/** So long they are waited for; then one must do. */
const FIRST_MS: Milliseconds = 12_000;
/** So much of what a station sends at once holds as many segments, wherever they begin. */
const BACK: Seconds = ((FIRST_SEGMENTS + 1) * SEGMENT_MS) / 1000;
/** How often the store is looked at while others make what is waited for. */
const LOOK_MS: Milliseconds = 400;
/** And at what is made here. */
export const WAKE_MS: Milliseconds = 100;
/** What is known already is made within this time. */
const CATCH_UP_MS: Milliseconds = 3_000;

type Runs = RenditionHead['runs'];

/**
 * The chunks of `track` as soon as there are segments of what is on just now, and as many as a player needs to begin with,
 * having seen to it that it goes on. Where time is paid for and nobody makes chunks, this request does until there is one
 * segment more, so that listeners who come back for the next one carry the channel in turn. Throws what the channel fails
 * with, and why there is nothing in time.
 */
export async function keptGoing(track: LiveTrack, request: Request, baton: Baton, notes: Notes): Promise<Runs> {
  const { stream } = track;
  const signal = AbortSignal.any([request.signal, request.closing]);
  const began = performance.now();
  if (!request.limits.isBilledByTime) {
    stream.attend(ATTENDED_MS, BACK);
    const runs = await segmentAfter(-1, track, () => soon(track), baton, began, signal);
    stream.attend(ATTENDED_MS); // who has waited looks again as late as everybody
    return runs;
  }
  for (;;) {
    if (await stream.look(signal)) return await carried(track, baton, notes, began, signal);
    if (isReady(track, storedRuns(stream), -1, baton, began)) return storedRuns(stream);
    if (performance.now() >= began + PATIENCE_MS) throw track.missing();
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/**
 * What there is; of a channel that has just begun with the chunk that is being made, where it ends a segment: players have
 * others to load before it, and whoever asks for it waits a moment.
 */
function soon(track: LiveTrack): Runs {
  const { stream } = track;
  const runs = stream.runs();
  if (track.type === 'video/mp4') return runs; // what is in it decides what it is
  const [first, end] = runs.at(-1) ?? [0, 0];
  const isLast = stream.growing() === end && (end + 1) % chunksIn(stream.output.grid) === 0;
  return isLast && end > first && !isEnough(track, runs) ? [...runs.slice(0, -1), [first, end + 1]] : runs;
}

/** What others can be sent to: what is here alone may never be stored. */
const storedRuns = ({ channel, output }: LiveStream): Runs =>
  channel.head.latest()?.renditions[output.name]?.runs ?? [];

/** Makes chunks until there is a segment more in the store than now, and those that could have been there before. */
async function carried(
  track: LiveTrack,
  baton: Baton,
  { meter }: Notes,
  began: Milliseconds,
  signal: AbortSignal,
): Promise<Runs> {
  const { stream } = track;
  const before = endOf(storedRuns(stream), track);
  const held = stream.hold(BACK);
  try {
    await segmentAfter(before, track, () => storedRuns(stream), baton, began, signal);
    const enough = Math.min(began + PATIENCE_MS, performance.now() + CATCH_UP_MS);
    while (track.isBehind(storedRuns(stream)) && performance.now() < enough)
      await sleep(WAKE_MS, undefined, { signal });
    return storedRuns(stream);
  } finally {
    await held.letGo();
    stream.channel.bill.pay(meter);
  }
}

async function segmentAfter(
  before: number,
  track: LiveTrack,
  runs: () => Runs,
  baton: Baton,
  began: Milliseconds,
  signal: AbortSignal,
): Promise<Runs> {
  while (!isReady(track, runs(), before, baton, began)) {
    const failed = track.stream.failure();
    if (failed !== null) throw failed;
    if (performance.now() >= began + PATIENCE_MS) throw track.missing();
    await sleep(WAKE_MS, undefined, { signal });
  }
  return runs();
}

/** `isCurrent`, and there are enough of them, or they have been waited for long enough. */
function isReady(track: LiveTrack, runs: Runs, before: number, baton: Baton, began: Milliseconds): boolean {
  if (!isCurrent(track, runs, before, baton)) return false;
  return isEnough(track, runs) || track.stream.failure() !== null || performance.now() >= began + FIRST_MS;
}

/** Whether there are enough to begin with, older ones as well: who is listening already waits for nothing but the next one. */
function isEnough(track: LiveTrack, runs: Runs): boolean {
  const listed = track.segments(runs);
  if (listed === null) return false;
  const newest = Array.from({ length: NEWEST }, (_, back) => listed.end - 1 - back);
  return newest.filter(listed.has).length >= FIRST_SEGMENTS;
}

/** Whether there is a segment of what is on just now, and a later one than `before`. */
const isCurrent = (track: LiveTrack, runs: Runs, before: number, baton: Baton): boolean =>
  isOn(track.stream, baton.now()) && endOf(runs.slice(-1), track) > before;

/** The number behind the last segment; -1 when there is none. */
const endOf = (runs: Runs, track: LiveTrack): number => track.segments(runs)?.end ?? -1;
