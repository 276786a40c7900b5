import { BatonError } from '../errors.ts';
import type { ByteRange } from '../units.ts';
import type { EncodeMeter, Output } from './output.ts';
import type { Chunks, HeldChunk } from './chunks.ts';
import { lookAhead, type Ahead } from './ahead.ts';
import { finish } from './finish.ts';
import type { Slots } from './slots.ts';

/** What ends a play before its end. */
export interface Ends {
  /** At once. */
  readonly signal: AbortSignal;
  /** At the next boundary between chunks, after one at least. */
  readonly closing: AbortSignal;
  /**
   * Nothing leaves before all of it is there: the first chunk is in no hurry, and what was begun ahead before `closing`
   * is still taken along.
   */
  readonly together?: boolean;
}

/** So many listeners may wait for their first frame; more are told to come back. */
const MOST_WAITING = 32;

/** Shared by all plays of a process. */
export interface PlayDeps {
  readonly chunks: Chunks;
  readonly slots: Slots;
}

/** Bytes of a chunk, half-open; `end` may lie beyond its end. */
export type ChunkSpan = ByteRange;

/** Which chunks, half-open, and what of each. */
export interface ChunkRun {
  readonly first: number;
  readonly end: number;
  readonly spanOf: (index: number) => ChunkSpan;
}

/** The next bytes of chunk `index`. */
export interface PlayedPiece {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/**
 * The bytes of a run of chunks, one after the other: from the store, or encoded. The chunk that is waited for is encoded
 * by itself at once and its frames pass as ffmpeg emits them; from the first chunk that has to be encoded on, the
 * following ones are encoded ahead. How far ahead is bounded, and the listener's pace holds it back.
 * After the last byte it waits for the rest of that chunk: only whole ones are stored, and the next range begins in it.
 * Leaving it stops every encode that nobody else waits for. Throws BUSY, the reason of what ends it, and what encoding
 * throws.
 */
export async function* playChunks(
  output: Output,
  { first, end, spanOf }: ChunkRun,
  deps: PlayDeps,
  meter: EncodeMeter,
  ends: Ends,
): AsyncGenerator<PlayedPiece, void> {
  const { signal, closing, together = false } = ends;
  let begun = false;
  let ahead = null as Ahead | null; // assigned in playChunk, which the compiler cannot see
  try {
    for (let index = first; index < end; index++) {
      if (index > first && !(together && ahead?.holds(index) === true)) closing.throwIfAborted();
      yield* playChunk(index, spanOf(index));
    }
  } finally {
    await ahead?.stop();
  }

  /**
   * A chunk that somebody else began, or that was begun ahead, may fail for reasons of theirs: then it is encoded by
   * itself, from where it broke, since its bytes are the same.
   */
  async function* playChunk(index: number, span: ChunkSpan): AsyncGenerator<PlayedPiece, void> {
    let position = span.start;
    for (let shared = await claim(index); ; shared = null) {
      const held = shared ?? (await encodeNow(index));
      const { chunk } = held;
      const waited = chunk.complete() === null;
      const reached = (): void => {
        if (waited) ahead ??= lookAhead(output, end, deps, meter, ends);
        ahead?.reached(index, waited);
      };
      try {
        if (together) reached();
        for await (const bytes of chunk.follow(position, span.end, signal)) {
          position += bytes.length;
          begun = true;
          yield { index, bytes };
          reached(); // not before: the first frame had the machine to itself
        }
        if (waited && index === end - 1) await finish(chunk, closing);
        return;
      } catch (error) {
        if (shared === null || signal.aborted) throw error;
      } finally {
        held.release();
      }
    }
  }

  async function claim(index: number): Promise<HeldChunk | null> {
    const held = ahead?.take(index);
    if (held != null) return held;
    const askedAt = performance.now();
    const found = await deps.chunks.find(output, index, signal);
    meter.storeMs ||= performance.now() - askedAt;
    if (found !== null) meter.chunksStored += 1;
    return found;
  }

  /** A response that has begun waits for its turn, however many do: its head promised the rest. */
  async function encodeNow(index: number): Promise<HeldChunk> {
    const release = await deps.slots.urgent(signal, begun ? Infinity : MOST_WAITING);
    const [held] = deps.chunks.encode(output, [index], meter, release);
    if (held === undefined) throw new BatonError('INTERNAL', `chunk ${index} was not started`);
    return held;
  }
}
