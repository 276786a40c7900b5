import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import type { IntakePart } from '../intake/intake.ts';
import { liveDemux, type LiveDemux } from '../intake/live-demux.ts';
import { keyClusterIn } from '../media/matroska-stream.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { lastTitle, type SoundBatch } from './batch.ts';
import { filmDemux } from './film-demux.ts';
import { hasPictures, type IngestFormat } from './format.ts';
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
  const burstMs = now() - show.resumedAt < RESUMED_MS ? RESUMED_BURST_MS : BURST_MS;
  const current = show.title();
  if (current !== null) yield { kind: 'title', title: current };
  const heardFrom = tail.numberAt(now() - tail.lastAt() > OLD_MS ? Infinity : tail.lastAt() - burstMs);
  let at = hasPictures(show.format) ? (tail.keyBefore(heardFrom) ?? heardFrom) : heardFrom;
  const headAt = show.headAt();
  const isLate = headAt !== null && headAt < tail.placeOf(at);
  const head = isLate ? (tail.from(headAt, HEAD) ?? (await bytesAt(shows, show.name, headAt, HEAD, signal))) : null;
  const demux = showDemux(show.format, head);
  yield* demux.opening;
  for (;;) {
    const news = tail.since(at);
    if (news === null) throw new BatonError('SOURCE_CUT', 'the listener fell behind');
    for (const { bytes, title } of news.items) {
      const isPast = at++ < heardFrom;
      if (title === null) yield* demux.push(bytes, isPast);
      else if (!isPast) yield { kind: 'title', title };
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
  const { format, writer } = last.batch;
  const current = lastTitle(last.batch);
  if (current !== null) yield { kind: 'title', title: current };
  const heardFrom = await burst(name, last, shows, signal);
  const first = hasPictures(format) ? await keyBatch(name, heardFrom, shows, signal) : heardFrom;
  const start = await shows.batch(name, first, signal);
  const isLate = writer.headAt !== null && start?.kind === 'sound' && writer.headAt < start.at;
  const demux = showDemux(format, isLate ? await bytesAt(shows, name, writer.headAt, HEAD, signal) : null);
  yield* demux.opening;
  for (let index = first; ;) {
    const batch = await shows.batch(name, index, signal);
    if (batch?.kind === 'end') return void (yield* demux.end());
    if (batch === null) {
      await sleep(POLL_MS, undefined, { signal });
      continue;
    }
    const isPast = index < heardFrom;
    for (const title of isPast ? [] : batch.titles) yield { kind: 'title', title };
    yield* demux.push(batch.bytes, isPast);
    index += 1;
  }
}

interface ShowDemux {
  /** What the head says to somebody who joins later. */
  readonly opening: readonly IntakePart[];
  /** `isPast`: of what comes before what is heard, only pictures are of use. */
  push(bytes: Uint8Array, isPast: boolean): readonly IntakePart[];
  end(): readonly IntakePart[];
}

/** `head`: of a stream that is joined later, where it has one. */
function showDemux(format: IngestFormat, head: Uint8Array | null): ShowDemux {
  if (hasPictures(format)) {
    const film = filmDemux(head, typeof format.video === 'object' ? format.video.frameRate : 0);
    return { opening: [], push: (bytes, isPast) => film.push(bytes, isPast), end: () => [] };
  }
  const demux = liveDemux(null);
  return {
    opening: head === null ? [] : headParts(demux, head),
    push: (bytes) => told(demux.push(bytes)),
    end: () => demux.end(),
  };
}

/** The last batch, `index` or before, in which a key picture begins; `index` where there is none for some time. */
async function keyBatch(name: ShowName, index: number, shows: ShowStore, signal: AbortSignal): Promise<number> {
  for (let at = index; at >= 0 && index - at < MOST_BURST_BATCHES; at--) {
    const batch = await shows.batch(name, at, signal);
    if (batch?.kind === 'sound' && keyClusterIn(batch.bytes) >= 0) return at;
  }
  return index;
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
): Promise<number> {
  for (let back = BURST_BATCHES; ; back *= 2) {
    const first = Math.max(0, last.index - back);
    const start = await shows.batch(name, first, signal);
    const isEnough = start?.kind !== 'sound' || start.writtenAt <= last.batch.writtenAt - STORED_BURST_MS;
    if (isEnough || first === 0 || back >= MOST_BURST_BATCHES) return first;
  }
}

/** What the head of a stream says to somebody who joins later: its packets are of the past. */
function headParts(demux: LiveDemux, head: Uint8Array): IntakePart[] {
  return told(demux.push(head)).flatMap((part): IntakePart[] => {
    if (part.kind === 'packets') return [];
    return part.kind === 'format' ? [{ kind: 'format', format: { ...part.format, preSkip: 0 } }] : [part];
  });
}
