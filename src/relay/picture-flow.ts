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
  /** Whether that is for another decoder than those before it: it belongs to another leg. */
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

  function isOther(): boolean {
    const mark = markOf(pictures, next);
    return given === 0 && mark !== null && !sameConfig(mark.facts, facts);
  }

  const skip = (): void => void ([next, given] = [next + 1, 0]);
  const isStored = (): boolean => pictures.runs().some(([from, end]) => next >= from && next < end);

  async function ready(index: number): Promise<readonly Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    while (next <= index && !isOther()) {
      const chunk = pictures.here(next) ?? (isStored() ? await pictures.chunk(next, signal) : null);
      if (chunk === null) {
        if (!pictures.isLost(next)) break;
        skip();
        continue;
      }
      const isWhole = chunk.complete() !== null;
      for await (const bytes of chunk.follow(given, chunk.filled(), signal)) {
        pieces.push(bytes);
        given += bytes.length;
      }
      if (!isWhole) break;
      skip();
    }
    return pieces;
  }

  async function* rest(end: number): AsyncGenerator<Uint8Array, void> {
    while (next < end && !isOther()) {
      const chunk = await pictures.chunk(next, signal);
      if (chunk === null) {
        if (!pictures.isLost(next)) return;
        skip();
        continue;
      }
      for await (const bytes of chunk.follow(given, Infinity, signal)) {
        given += bytes.length;
        yield bytes;
      }
      skip();
    }
  }

  return { ready, rest, next: () => next, isOther };
}
