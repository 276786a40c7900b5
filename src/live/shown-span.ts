import { chunkSamples, type LiveGrid } from '../grid/live.ts';
import { decodedAt, fragmentsIn, samplesIn, type WrittenFragment } from '../media/fmp4-video.ts';
import { markFor, type PictureMark } from './picture-mark.ts';
import { clockOf, picturePlan, type PictureClock } from './picture-plan.ts';
import { ticksOf, type Ticks } from './picture-time.ts';
import type { PictureSpan } from './shown-record.ts';

/** Pictures of at most so many lines, in chunks of this grid. */
export interface PictureOutput {
  readonly grid: LiveGrid;
  readonly lines?: number;
}

/** When the pictures of chunk `index` are decoded; null: it has none. */
export function spanIn(
  bytes: Uint8Array,
  index: number,
  { grid, lines = 0 }: PictureOutput,
  marks: readonly PictureMark[],
): PictureSpan | null {
  if (bytes.length === 0) return null;
  const known = spans.get(bytes);
  if (known !== undefined) return known;
  const samples = chunkSamples(grid);
  const mark = markFor(marks, index * samples, (index + 1) * samples);
  if (mark === null) return null;
  const span = spanOf(bytes, clockOf(picturePlan(mark.facts, lines)));
  spans.set(bytes, span);
  return span;
}

const spans = new WeakMap<Uint8Array, PictureSpan | null>();

/** The fragments of a chunk on the clock of the channel, which begins at `lead` ticks of theirs. */
export function* onChannel(chunk: Uint8Array, { zero }: PictureClock, lead: number): Generator<Uint8Array, void> {
  for (const fragment of placed(chunk, zero)) yield decodedAt(fragment, fragment.decodeTime - zero + lead);
}

/** Without scenes that are decoded from before the channel began: there is no time for them. */
function* placed(chunk: Uint8Array, zero: number): Generator<WrittenFragment, void> {
  let isPlaced = false;
  for (const fragment of fragmentsIn(chunk)) {
    if (samplesIn(fragment)[0]?.isKey === true) isPlaced = fragment.decodeTime >= zero;
    if (isPlaced) yield fragment;
  }
}

function spanOf(chunk: Uint8Array, { timescale, zero }: PictureClock): PictureSpan | null {
  const all = [...placed(chunk, zero)];
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined) return null;
  const lasts = samplesIn(last).reduce((sum, { duration }) => sum + duration, 0);
  const ticks = (time: number): Ticks => ticksOf((time - zero) / timescale);
  return { from: ticks(first.decodeTime), to: ticks(last.decodeTime + lasts) };
}
