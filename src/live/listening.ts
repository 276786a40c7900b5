import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Milliseconds, Seconds } from '../units.ts';
import { samplesOf } from './anchor.ts';
import { feed, type FeedEvent } from './feed.ts';
import { oldestOf, withEnd, withTitle } from './head.ts';
import type { Intake, LivePacket } from '../intake/intake.ts';
import { runsOf } from './packet-runs.ts';
import { placePictures, waiting } from './picture-placing.ts';
import { addFrom, place, type PlacingDeps } from './placing.ts';
import {
  aheadMs,
  brought,
  clockAnew,
  clockOn,
  createReceiver,
  interrupted,
  received,
  type Receiver,
} from './receiver.ts';
import type { Reel } from './reel.ts';
import { sameDecoder } from '../intake/same-decoder.ts';
import { createSilence } from './silence.ts';
import type { Track } from './track.ts';

/** What listening to a source takes. */
export interface ListeningDeps extends Omit<PlacingDeps, 'lostMs'> {
  readonly reel: Reel;
  /** Asked again and again. */
  readonly wantsPictures: () => boolean;
  readonly open: (url: string, signal: AbortSignal) => Promise<Intake>;
  readonly meter: SourceMeter;
  /** Monotonic. */
  readonly clock: () => Milliseconds;
  /** How long silence stands for a source that is away, before it is given up. */
  readonly silenceMs: Milliseconds;
}

/** What is heard at present. */
export type SourceState = 'connecting' | 'source' | 'fallback' | 'silence';

/** A process that listens to the source of a channel. */
export interface Listening {
  /** Resolves when there is sound. Throws what the source failed with. */
  readonly begun: Promise<void>;
  /** Rejects when the source is gone for good. */
  readonly lost: Promise<never>;
  state(): SourceState;
  /** How often a source was connected to. */
  connections(): number;
  stop(): Promise<void>;
}

/** So long a source may be silent: listeners have as much in their buffers. */
const BRIDGED_MS: Milliseconds = 5_000;
/** A source that is back has to go on for so long before the fallback is left. */
const STEADY_MS: Milliseconds = 3_000;
/** A source that has not come to sound by then is looked for beside its fallback: players take 10 s without any for an end. */
const PATIENCE_MS: Milliseconds = 4_000;
const LOOK_MS: Milliseconds = 100;
/** More than stations send at once, and less than a track keeps. */
const MOST_AHEAD_MS: Milliseconds = 20_000;
/** Of what comes at once, so much is looked at in one go: a track keeps several of them. */
const RUN_SECONDS: Seconds = 4;
/** A fallback has so long to be there, at least. */
const FALLBACK_MS: Milliseconds = 10_000;

/**
 * Listens to the first of `urls`, and to the second while the first is away, and keeps the sound of the channel going:
 * connects anew, finds the place of what comes, fills what is missing with silence, up to a limit.
 */
export function listen([url, fallbackUrl]: readonly [string, string?], deps: ListeningDeps): Listening {
  const { sound, head, clock } = deps;
  const life = new AbortController();
  const begun = Promise.withResolvers<undefined>();
  const lost = Promise.withResolvers<never>();
  begun.promise.catch(() => undefined);
  lost.promise.catch(() => undefined);
  const source = createReceiver(url, 'source-reset');
  const fallback = fallbackUrl === undefined ? null : createReceiver(fallbackUrl, 'fallback');
  let active = source;
  let standby: AbortController | null = null;
  let soundAt: Milliseconds = clock();
  let state: SourceState = 'connecting';
  let connections = 0;
  const placing: PlacingDeps = { ...deps, lostMs: () => (state === 'connecting' ? null : clock() - soundAt) };
  const tasks = new Set<Promise<void>>();
  /** Those that have failed before there was any sound. */
  const failed = new Set<Receiver>();
  const limitMs = fallback === null ? deps.silenceMs : Math.max(deps.silenceMs, FALLBACK_MS);

  const fail = (error: BatonError): void => {
    clearInterval(timer);
    life.abort(error);
    begun.reject(error);
    lost.reject(error);
  };
  const task = (work: Promise<void>): void => {
    const settled = work
      .catch((thrown: unknown) => {
        if (!life.signal.aborted)
          fail(thrown instanceof BatonError ? thrown : new BatonError('INTERNAL', String(thrown)));
      })
      .finally(() => tasks.delete(settled));
    tasks.add(settled);
  };

  const silence = createSilence(sound, () => {
    for (const receiver of [source, fallback]) if (receiver !== null) receiver.next = null;
    active.cause = 'source-stalled';
    state = 'silence';
    const last = sound.last();
    if (last !== null) task(endEpoch(last));
  });

  async function endEpoch(last: Track): Promise<void> {
    const { id, end } = last.epoch();
    await head.update((known) => known && withEnd(known, id, end ?? sound.known()), life.signal);
  }

  async function follow(receiver: Receiver, signal: AbortSignal): Promise<void> {
    for await (const event of feed((stop) => deps.open(receiver.url, stop), clock, signal))
      await take(receiver, event, signal);
  }

  async function take(receiver: Receiver, event: FeedEvent, signal: AbortSignal): Promise<void> {
    switch (event.kind) {
      case 'connected':
        connections += 1;
        receiver.station = event.station;
        clockAnew(receiver);
        return;
      case 'broken':
        broken(receiver, event.error);
        return;
      case 'format':
        if (receiver.format !== null && !sameDecoder(receiver.format, event.format))
          interrupted(receiver, 'source-changed');
        clockOn(receiver, 0);
        receiver.format = event.format;
        return;
      case 'gap':
        interrupted(receiver, 'segment-lost');
        receiver.missingMs = event.ms;
        clockOn(receiver, event.ms / 1000);
        return;
      case 'packets':
        for (const { bytes } of event.packets) deps.meter.sourceBytes += bytes.length;
        for (const run of runsOf(event.packets, RUN_SECONDS * (receiver.format?.sampleRate ?? Infinity))) {
          await heldBack(receiver, signal);
          if (signal.aborted) return;
          if (receiver === active) await hear(receiver, run, signal);
          else await standBy(receiver, run, signal);
        }
        return;
      case 'title':
        receiver.title = event.title;
        if (receiver === active) await entitle(receiver, signal);
        return;
      case 'picture-format':
        await show(receiver, signal); // those before have another one
        receiver.pictureFacts = event.facts;
        return;
      case 'pictures':
        for (const { bytes } of event.pictures) deps.meter.sourceBytes += bytes.length;
        waiting(receiver, deps.wantsPictures() ? event.pictures : null);
        await show(receiver, signal);
    }
  }

  /** Waits while the source is far ahead of real time, and does not read on: it is a file, or a station in a hurry. */
  async function heldBack(receiver: Receiver, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && aheadMs(receiver, clock()) > MOST_AHEAD_MS) {
      if (receiver === active && receiver.next !== null) soundAt = clock();
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** `packets` follow those before, or begin a track that follows the one before. */
  async function hear(receiver: Receiver, packets: readonly LivePacket[], signal: AbortSignal): Promise<void> {
    if (packets[0]?.skip !== undefined && receiver.recent.length > 0) interrupted(receiver, 'next-track');
    if (packets.length > 0) received(receiver, packets, clock());
    const track = sound.last();
    const before = track?.next() ?? 0;
    if (receiver.next !== null && track?.epoch().end === null) {
      addFrom(track, receiver.next, packets);
      receiver.next += samplesOf(packets);
    } else {
      receiver.placingSince ??= clock();
      receiver.next = await place(receiver, clock() - receiver.placingSince, placing, signal);
      if (receiver.next === null) return;
    }
    const isNew = sound.last() !== track;
    const fresh = isNew ? samplesOf(receiver.recent) : receiver.next - before;
    brought(receiver, Math.max(0, fresh), clock());
    if (fresh > 0) soundAt = clock(); // what was heard before keeps no channel alive
    silence.end();
    state = receiver === fallback ? 'fallback' : 'source';
    begun.resolve(undefined);
    await entitle(receiver, signal);
    await show(receiver, signal);
  }

  /** Its pictures, as soon as it is known where they belong. */
  async function show(receiver: Receiver, signal: AbortSignal): Promise<void> {
    const track = sound.last();
    if (receiver === active && receiver.next !== null && track !== null)
      await placePictures(receiver, track.epoch(), deps, signal);
  }

  async function standBy(receiver: Receiver, packets: readonly LivePacket[], signal: AbortSignal): Promise<void> {
    received(receiver, packets, clock());
    brought(receiver, samplesOf(packets), clock());
    const isSteady = clock() - (receiver.steadySince ?? Infinity) >= STEADY_MS;
    if (receiver === source && (isSteady || state === 'connecting')) await comeBack(signal);
  }

  function broken(receiver: Receiver, error: BatonError): void {
    interrupted(receiver, receiver === fallback ? 'fallback' : 'source-reset');
    if (state !== 'connecting') return;
    failed.add(receiver);
    if (fallback !== null && active === source) turnTo(fallback);
    else if (failed.has(source) && (fallback === null || failed.has(fallback))) fail(error);
  }

  function turnTo(receiver: Receiver): void {
    active = receiver;
    const { signal } = (standby = new AbortController());
    const followed = follow(receiver, AbortSignal.any([life.signal, signal])).catch((thrown: unknown) => {
      if (!signal.aborted) throw thrown;
    });
    task(followed);
  }

  async function comeBack(signal: AbortSignal): Promise<void> {
    standby?.abort();
    standby = null;
    if (fallback !== null) interrupted(fallback, 'fallback');
    active = source;
    source.cause = 'source-back';
    source.ahead = { ms: 0, at: clock() };
    await hear(source, [], signal);
  }

  /** Notes what is on, once it is known from where on. */
  async function entitle(receiver: Receiver, signal: AbortSignal): Promise<void> {
    const { title } = receiver;
    if (title === null || receiver.next === null) return;
    receiver.title = null;
    const at = sound.known();
    const { now, dvrMs } = deps;
    await head.update((known) => known && withTitle(known, { ...title, at }, oldestOf(known, now(), dvrMs)), signal);
  }

  /** Looks whether something has come lately. */
  function look(): void {
    const quiet = clock() - soundAt;
    const isBegun = state !== 'connecting';
    if (isBegun && quiet > BRIDGED_MS) silence.last(quiet - BRIDGED_MS);
    const isAway = isBegun ? quiet > BRIDGED_MS : quiet > PATIENCE_MS && source.steadySince === null;
    if (fallback !== null && active === source && isAway) turnTo(fallback);
    if (!isBegun) return;
    if (quiet > BRIDGED_MS + limitMs) fail(new BatonError('SOURCE_GONE', `nothing for ${Math.round(quiet)} ms`));
  }

  const timer = setInterval(look, LOOK_MS);
  task(follow(source, life.signal));
  return {
    begun: begun.promise,
    lost: lost.promise,
    state: () => state,
    connections: () => connections,
    stop: async () => {
      clearInterval(timer);
      life.abort(new BatonError('CLIENT_GONE', 'nobody listens'));
      await Promise.all(tasks);
    },
  };
}
