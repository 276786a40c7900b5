import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import type { IntakePart } from '../intake/intake.ts';
import { liveDemux, type LiveDemux } from '../intake/live-demux.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { lastTitle, type Batch, type SoundBatch } from './batch.ts';
import type { OnAir } from './on-air.ts';
import { bytesAt } from './recording.ts';
import type { ShowName, ShowStore } from './show-store.ts';

/** Who joins gets as much of what was before: a decoder comes in with it, and a channel finds its place. */
const BURST_MS: Milliseconds = 1_000;
const BURST_BATCHES = 2;
const STORED_BURST_MS: Milliseconds = 2_000;
const MOST_BURST_BATCHES = 64;
/** In a process that has just taken over a show: its listeners had what came last. */
const RESUMED_MS: Milliseconds = 15_000;
const RESUMED_BURST_MS: Milliseconds = 10_000;
/** What came longer ago is not what is on. */
const OLD_MS: Milliseconds = 20_000;
const POLL_MS: Milliseconds = 250;
/** Enough for the headers of a stream, unless they hold pictures. */
const HEAD: Bytes = 64 * 1024;

/** What comes on a show that is published in this process, at once. Ends with the show. @throws SOURCE_CUT when it lags behind */
export async function* followHere(
  show: OnAir,
  shows: ShowStore,
  now: () => Milliseconds,
  signal: AbortSignal,
): AsyncGenerator<IntakePart, void> {
  const { tail, pulse } = show;
  const demux = liveDemux(null);
  const burstMs = now() - show.resumedAt < RESUMED_MS ? RESUMED_BURST_MS : BURST_MS;
  const current = show.title();
  if (current !== null) yield { kind: 'title', title: current };
  let at = tail.numberAt(now() - tail.lastAt() > OLD_MS ? Infinity : tail.lastAt() - burstMs);
  const headAt = show.headAt();
  if (headAt !== null && headAt < tail.placeOf(at)) {
    const kept = tail.from(headAt, HEAD);
    yield* headParts(demux, kept ?? (await bytesAt(shows, show.name, headAt, HEAD, signal)));
  }
  for (;;) {
    const news = tail.since(at);
    if (news === null) throw new BatonError('SOURCE_CUT', 'the listener fell behind');
    at = news.next;
    for (const { bytes, title } of news.items) {
      if (title !== null) yield { kind: 'title', title };
      else yield* told(demux.push(bytes));
    }
    if (tail.since(at)?.items.length !== 0) continue;
    if (show.hasEnded()) return void (yield* demux.end());
    await pulse.next(signal);
    signal.throwIfAborted();
  }
}

/** What comes on a show that is published elsewhere, as it is stored, from batch `last` and a few before it on. */
export async function* followStored(
  name: ShowName,
  last: { readonly index: number; readonly batch: SoundBatch },
  shows: ShowStore,
  signal: AbortSignal,
): AsyncGenerator<IntakePart, void> {
  const demux = liveDemux(null);
  const current = lastTitle(last.batch);
  if (current !== null) yield { kind: 'title', title: current };
  const { first, start } = await burst(name, last, shows, signal);
  const { headAt } = last.batch.writer;
  if (headAt !== null && start?.kind === 'sound' && headAt < start.at)
    yield* headParts(demux, await bytesAt(shows, name, headAt, HEAD, signal));
  for (let index = first; ;) {
    const batch = await shows.batch(name, index, signal);
    if (batch?.kind === 'end') return void (yield* demux.end());
    if (batch === null) {
      await sleep(POLL_MS, undefined, { signal });
      continue;
    }
    for (const title of batch.titles) yield { kind: 'title', title };
    yield* told(demux.push(batch.bytes));
    index += 1;
  }
}

/** Headers without a title are no news: the publisher says what is on. */
const told = (parts: readonly IntakePart[]): readonly IntakePart[] =>
  parts.filter((part) => part.kind !== 'title' || part.title.title !== '');

/** Where to begin: where a function stores each message by itself, some batches are very short. */
async function burst(
  name: ShowName,
  last: { readonly index: number; readonly batch: SoundBatch },
  shows: ShowStore,
  signal: AbortSignal,
): Promise<{ readonly first: number; readonly start: Batch | null }> {
  for (let back = BURST_BATCHES; ; back *= 2) {
    const first = Math.max(0, last.index - back);
    const start = await shows.batch(name, first, signal);
    const isEnough = start?.kind !== 'sound' || start.writtenAt <= last.batch.writtenAt - STORED_BURST_MS;
    if (isEnough || first === 0 || back >= MOST_BURST_BATCHES) return { first, start };
  }
}

/** What the head of a stream says to somebody who joins later: its packets are of the past. */
function headParts(demux: LiveDemux, head: Uint8Array): IntakePart[] {
  return told(demux.push(head)).flatMap((part): IntakePart[] => {
    if (part.kind === 'packets') return [];
    return part.kind === 'format' ? [{ kind: 'format', format: { ...part.format, preSkip: 0 } }] : [part];
  });
}
