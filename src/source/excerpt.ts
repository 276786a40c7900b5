import type { ByteRange, Bytes } from '../units.ts';
import type { SourceMeter } from './reader.ts';
import { type Sample, TAIL_BYTES, UNKNOWN_END } from './sample.ts';
import { takeAll } from './take.ts';

/** Gives the bytes of a range of a source, fewer at its end. */
export type Excerpt = (range: ByteRange) => Promise<Uint8Array>;

/** Excerpts of a source that is being probed, from what of it is there already or else by reading. */
export function excerpts(sample: Sample, signal: AbortSignal, meter?: SourceMeter): Excerpt {
  const { head, size, read } = sample;
  return async ({ start, end }) => {
    const stop = Math.min(end, size ?? Infinity);
    if (stop <= start) return new Uint8Array();
    if (stop <= head.length) return head.subarray(start, stop);
    if (sample.tail !== null && size !== null && start >= size - TAIL_BYTES) {
      const tail = await sample.tail;
      return tail.subarray(start - (size - tail.length), stop - (size - tail.length));
    }
    return await takeAll(read({ start, end: stop }, signal, meter));
  };
}

/** The size of a source. Without a length the download has to end before it is known. */
export async function wholeSize({ size, read }: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Bytes> {
  if (size !== null) return size;
  let total: Bytes = 0;
  for await (const piece of read({ start: 0, end: UNKNOWN_END }, signal, meter)) total += piece.length;
  return total;
}

/** Of chunks that are read whole: formats and tags, pictures among them. */
export const MAX_CHUNK: Bytes = 256 * 1024;

/** As much of a chunk as is read. */
export const capped = ({ start, end }: ByteRange): ByteRange => ({ start, end: Math.min(end, start + MAX_CHUNK) });
