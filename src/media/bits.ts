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
