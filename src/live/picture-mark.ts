import type { PictureFacts } from '../media/picture-facts.ts';
import type { Samples } from '../units.ts';
import type { Ticks } from './picture-time.ts';

/** The pictures of a channel from `at` on: of one epoch, and for one decoder. */
export interface PictureMark {
  readonly at: Samples;
  /** Id of the epoch. */
  readonly epoch: number;
  readonly facts: PictureFacts;
  /** When the key picture is shown that was seen first. */
  readonly shownAt: Ticks;
}

/** A source begins with another one every few hours; one that does with every key picture is not remembered for longer. */
const MOST_MARKS = 100;

/** Whether one decoder, told once, takes both. */
export const sameConfig = (a: PictureFacts, b: PictureFacts): boolean =>
  a === b ||
  (a.width === b.width &&
    a.height === b.height &&
    a.codec === b.codec &&
    a.rotation === b.rotation &&
    Buffer.compare(a.config ?? NOTHING, b.config ?? NOTHING) === 0);

const NOTHING = new Uint8Array();

/** `marks` with another one, unless it is known; without those that nobody may see any more at `oldest`. */
export function withMark(marks: readonly PictureMark[], mark: PictureMark, oldest: Samples): readonly PictureMark[] {
  if (isMarked(marks, mark)) return marks;
  const last = marks.at(-1);
  const facts = last !== undefined && sameConfig(last.facts, mark.facts) ? last.facts : mark.facts;
  const others = marks.filter((_, index) => (marks[index + 1]?.at ?? mark.at) >= oldest);
  return [...others.slice(1 - MOST_MARKS), { ...mark, facts }];
}

/** Whether they say already what `mark` does. */
export function isMarked(marks: readonly PictureMark[], mark: Omit<PictureMark, 'at' | 'shownAt'>): boolean {
  const last = marks.at(-1);
  return last?.epoch === mark.epoch && sameConfig(last.facts, mark.facts);
}

/**
 * The one that a chunk is made by, which is for one decoder: that which holds where the chunk begins, else the first one in
 * it. Null where there is none.
 */
export const markFor = (marks: readonly PictureMark[], from: Samples, to: Samples): PictureMark | null =>
  marks.findLast(({ at }) => at <= from) ?? marks.find(({ at }) => at < to) ?? null;

/** From where on scenes belong to the chunk that begins at `from`: another decoder begins with a chunk of its own. */
export function scenesFrom(marks: readonly PictureMark[], mark: PictureMark, from: Samples, samples: Samples): Samples {
  const before = marks[marks.indexOf(mark) - 1];
  const isOther = before !== undefined && !sameConfig(before.facts, mark.facts);
  return isOther && mark.at < from && mark.at > from - samples ? mark.at : from;
}

export interface StoredMark extends Omit<PictureMark, 'facts'> {
  readonly facts: Omit<PictureFacts, 'config'> & { readonly config: string | null };
}

export const encodeMark = ({ facts, ...mark }: PictureMark): StoredMark => ({
  ...mark,
  facts: { ...facts, config: facts.config && Buffer.from(facts.config).toString('base64') },
});

export const decodeMark = ({ facts, ...mark }: StoredMark): PictureMark => ({
  ...mark,
  facts: { ...facts, config: facts.config === null ? null : Buffer.from(facts.config, 'base64') },
});
