import type { ByteRange, Bytes } from '../units.ts';
import type { SourceMeter, ReadBytes } from './reader.ts';
import { recent } from './recent.ts';

/** What was read lately, in aligned blocks: chunks overlap by their lead-in, and several listeners hear the same. */
export interface Blocks {
  /** `read` through the cache; asks the origin for whole blocks. `size` is where the source ends. */
  reader(id: string, size: Bytes, read: ReadBytes): ReadBytes;
  /** Keeps the whole blocks of `bytes`, which stand at the very start of the source. */
  keepHead(id: string, bytes: Uint8Array, size: Bytes): void;
}

const BLOCK: Bytes = 32 * 1024;

/** A cache of at most `maxBytes`. */
export function createBlocks(maxBytes: Bytes): Blocks {
  const kept = recent<string, Uint8Array>(Math.max(1, Math.floor(maxBytes / BLOCK)));
  const keyOf = (id: string, block: number): string => `${id}/${block}`;

  function keepHead(id: string, bytes: Uint8Array, size: Bytes): void {
    for (let start = 0; start < bytes.length; start += BLOCK) {
      const block = bytes.slice(start, start + BLOCK);
      if (block.length === BLOCK || start + block.length === size) kept.set(keyOf(id, start / BLOCK), block);
    }
  }

  function reader(id: string, size: Bytes, read: ReadBytes): ReadBytes {
    /** The blocks from `first` on that are not kept, up to the one that holds `end`. */
    function missing(first: number, end: Bytes): ByteRange {
      let last = first + 1;
      while (last * BLOCK < end && kept.get(keyOf(id, last)) === undefined) last++;
      return { start: first * BLOCK, end: Math.min(last * BLOCK, size) };
    }

    async function* fetch(
      range: ByteRange,
      signal: AbortSignal,
      meter?: SourceMeter,
    ): AsyncGenerator<ByteRange & { bytes: Uint8Array }> {
      let at = range.start;
      let block = new Uint8Array(0);
      for await (const piece of read(range, signal, meter)) {
        for (let used = 0; used < piece.length;) {
          const inBlock = at % BLOCK;
          const blockEnd = Math.min(at - inBlock + BLOCK, size);
          if (inBlock === 0) block = new Uint8Array(blockEnd - at);
          const part = piece.subarray(used, used + blockEnd - at);
          block.set(part, inBlock);
          used += part.length;
          at += part.length;
          if (at === blockEnd) kept.set(keyOf(id, (at - inBlock - part.length) / BLOCK), block);
          yield { bytes: part, start: at - part.length, end: at };
        }
      }
    }

    return async function* cachedRead(range, signal, meter) {
      let at = range.start;
      while (at < range.end) {
        const number = Math.floor(at / BLOCK);
        const block = kept.get(keyOf(id, number));
        if (block) {
          const start = number * BLOCK;
          const part = block.subarray(at - start, range.end - start);
          if (part.length === 0) return;
          at += part.length;
          yield part;
          continue;
        }
        const before = at;
        for await (const piece of fetch(missing(number, range.end), signal, meter)) {
          const part = piece.bytes.subarray(Math.max(0, at - piece.start), Math.max(0, range.end - piece.start));
          at += part.length;
          if (part.length > 0) yield part;
        }
        if (at === before) return;
      }
    };
  }

  return { reader, keepHead };
}
