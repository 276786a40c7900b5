import type { Growing } from '../encode/growing.ts';
import type { LiveStream } from '../live/live-stream.ts';
import { sameConfig, type PictureMark } from '../live/picture-mark.ts';
import { markOf } from './live-pictures.ts';
import type { Bytes } from '../units.ts';

/** The pictures of a leg of a channel, as they come. */
export interface PictureFlow {
  /** What there is now of the chunks up to `index`, and was not given before. */
  ready(index: number): Promise<readonly Uint8Array[]>;
  /** The rest of those before `end`, as they come. */
  rest(end: number): AsyncGenerator<Uint8Array, void>;
  /** The first chunk of which something may be missing yet. */
  next(): number;
  /** Whether that is for another decoder than those before it, or its rest is not to be had: it belongs to another leg. */
  isOther(): boolean;
}

/** The pictures from chunk `first` on, as long as they are decoded as `mark` says. */
export function pictureFlow(
  pictures: LiveStream,
  first: number,
  { facts }: PictureMark,
  signal: AbortSignal,
): PictureFlow {
  let next = first;
  let given: Bytes = 0;
  /** Of which so much was given: somebody else's may be other bytes. */
  let begun: Growing | null = null;

  function isOther(): boolean {
    if (begun !== null) return isBroken(begun);
    const mark = markOf(pictures, next);
    return mark !== null && !sameConfig(mark.facts, facts);
  }

  /** Its maker gave up, and nobody else's is gone on with. */
  const isBroken = (chunk: Growing): boolean => chunk.complete() === null && pictures.here(next) !== chunk;

  const skip = (): void => void ([next, given, begun] = [next + 1, 0, null]);
  const isStored = (): boolean => pictures.runs().some(([from, end]) => next >= from && next < end);

  async function ready(index: number): Promise<readonly Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    while (next <= index && !isOther()) {
      const chunk = begun ?? pictures.here(next) ?? (isStored() ? await pictures.chunk(next, signal) : null);
      if (chunk === null) {
        if (!pictures.isLost(next)) break;
        skip();
        continue;
      }
      const isWhole = chunk.complete() !== null;
      for await (const bytes of chunk.follow(given, chunk.filled(), signal)) {
        pieces.push(bytes);
        given += bytes.length;
        begun = chunk;
      }
      if (!isWhole) break;
      skip();
    }
    return pieces;
  }

  async function* rest(end: number): AsyncGenerator<Uint8Array, void> {
    while (next < end && !isOther()) {
      const chunk: Growing | null = begun ?? (await pictures.chunk(next, signal));
      if (chunk === null) {
        if (!pictures.isLost(next)) return;
        skip();
        continue;
      }
      try {
        for await (const bytes of chunk.follow(given, Infinity, signal)) {
          given += bytes.length;
          begun = chunk;
          yield bytes;
        }
      } catch (error) {
        if (given === 0 || signal.aborted) throw error;
        return;
      }
      skip();
    }
  }

  return { ready, rest, next: () => next, isOther };
}
