import type { EncoderDeps } from '../encode/encoder.ts';
import type { EncodeMeter } from '../encode/output.ts';
import { CHANNEL_RATE, chunkSamples, type LiveGrid } from '../grid/live.ts';
import type { Store } from '../store/store.ts';
import type { Samples, Seconds } from '../units.ts';
import { codedPictures } from './coded-pictures.ts';
import { codedStanding } from './coded-standing.ts';
import { copiedPictures } from './copied-pictures.ts';
import type { HeadFile } from './head-file.ts';
import { markFor, sameConfig, scenesFrom, type PictureMark } from './picture-mark.ts';
import { picturePlan } from './picture-plan.ts';
import { samplesOfTicks, ticksOfSamples } from './picture-time.ts';
import type { Reel } from './reel.ts';
import { isSettled } from './settled.ts';
import type { Shelf } from './shelf.ts';
import type { Soundtrack } from './soundtrack.ts';
import { standingBefore, type Standing } from './standing.ts';

/** What chunks of pictures are made of, and with. */
export interface PictureDeps {
  readonly reel: Reel;
  readonly sound: Soundtrack;
  readonly head: HeadFile;
  /** Chunks that there are already, whoever made them. */
  readonly shelf: Shelf;
  readonly encoder: EncoderDeps;
  readonly store: Store;
  readonly meter: EncodeMeter;
}

/** Sound is there for so long before it is certain that it comes without pictures. */
const LATE: Seconds = 3;

/**
 * Makes the chunks of the pictures of a channel, of at most `lines` lines: the same bytes whoever makes them. A chunk is for
 * one decoder, that of the last pictures in it; it is empty where none belong to it.
 */
export function pictureChunks(
  lines: number,
  grid: LiveGrid,
  deps: PictureDeps,
  signal: AbortSignal,
): (index: number) => AsyncGenerator<Uint8Array, void> {
  const { reel, sound, encoder, store, meter, head, shelf } = deps;
  const { engine } = encoder;
  const samples = chunkSamples(grid);
  let last: { readonly index: number; readonly mark: PictureMark; readonly standing: Standing | null } | null = null;
  return async function* chunk(index) {
    const [from, to] = [index * samples, (index + 1) * samples];
    const mark = await markOf(from, to, deps, signal);
    if (mark === null) return;
    const { coded } = picturePlan(mark.facts, lines);
    if (coded !== null) {
      const standing = () => codedStanding(index, { coded, lines, samples }, { head, shelf, engine }, signal);
      yield* codedPictures({ mark, coded, from, to, standing }, reel, sound, { engine, store }, meter, signal);
      return;
    }
    const { facts } = mark;
    const first = scenesFrom(head.latest()?.pictures ?? [], mark, from, samples);
    const isNext = last?.index === index - 1 && sameConfig(last.mark.facts, facts);
    const standing =
      isNext && last ? last.standing : await standingBefore(index, facts, samples, { head, shelf }, signal);
    const wanted = { facts, from, scenesFrom: first, to, standing };
    last = { index, mark, standing: yield* copiedPictures(wanted, reel, sound, signal) };
  };
}

/** What the chunk is made by, which is known once there are pictures behind its beginning; null: there are none. */
async function markOf(
  from: Samples,
  to: Samples,
  { head, reel, sound }: PictureDeps,
  signal: AbortSignal,
): Promise<PictureMark | null> {
  for (;;) {
    const newest = reel.last()?.decodedAt ?? -Infinity;
    const mark = markFor(head.latest()?.pictures ?? [], from, to);
    const isKnown = newest >= ticksOfSamples(mark === null ? to : from);
    if (isKnown || isSettled(sound, to)) return mark;
    await reel.pulse.next(signal);
    signal.throwIfAborted();
  }
}

/** From where on this process can make chunks, once that is known: no key picture is missing to it from there on. */
export async function pictureStart({ reel, sound }: PictureDeps, signal: AbortSignal): Promise<Samples> {
  const until = sound.known() + LATE * CHANNEL_RATE;
  for (;;) {
    const from = reel.from();
    if (from !== null) return from === -Infinity ? -Infinity : samplesOfTicks(from);
    if (sound.known() >= until) return -Infinity;
    await reel.pulse.next(signal);
    signal.throwIfAborted();
  }
}
