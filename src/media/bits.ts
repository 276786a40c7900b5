import type { Bytes } from '../units.ts';

/** Gives the next `length` bits (at most 31) as a number, the first bit highest; zeros beyond the end. */
export type ReadBits = (length: number) => number;

/** Writes the lowest `length` bits of `value`, the highest of them first. */
export type WriteBits = (value: number, length: number) => void;

export function bitReader(bytes: Uint8Array): ReadBits {
  let at = 0;
  return (length) => {
    let value = 0;
    for (const end = at + length; at < end; at++)
      value = (value << 1) | (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    return value;
  };
}

/** From byte `start` on, into `bytes` that are zero there. */
export function bitWriter(bytes: Uint8Array, start: Bytes): WriteBits {
  let at = start * 8;
  return (value, length) => {
    for (let bit = length - 1; bit >= 0; bit--, at++)
      if (((value >> bit) & 1) === 1) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (7 - (at & 7)));
  };
}

/** Reads on from bit to bit, and knows where it is. Throws RangeError beyond the end. */
export interface BitCursor {
  /** The next `length` bits (at most 31) as a number, the first bit highest. */
  read(length: number): number;
  skip(length: number): void;
  /** To the start of the next byte, unless it is at one. */
  align(): void;
  /** From the first bit on. */
  position(): number;
  /** Bits [start, end) from the first bit of a byte on, with zeros up to its end. */
  copy(start: number, end: number): Uint8Array;
}

export function bitCursor(bytes: Uint8Array): BitCursor {
  let at = 0;
  const bitAt = (position: number): number => ((bytes[position >> 3] ?? 0) >> (7 - (position & 7))) & 1;
  const skip = (length: number): void => {
    at += length;
    if (at > bytes.length * 8) throw new RangeError('beyond the last bit');
  };
  return {
    skip,
    read: (length) => {
      const start = at;
      skip(length);
      let value = 0;
      for (let position = start; position < at; position++) value = (value << 1) | bitAt(position);
      return value;
    },
    align: () => {
      skip(-at & 7);
    },
    position: () => at,
    copy: (start, end) => {
      const copied = new Uint8Array(Math.ceil((end - start) / 8));
      const write = bitWriter(copied, 0);
      for (let position = start; position < end; position++) write(bitAt(position), 1);
      return copied;
    },
  };
}
