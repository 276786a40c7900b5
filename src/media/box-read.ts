import type { Bytes } from '../units.ts';

/** A box of ISO base media (ISO/IEC 14496-12 4.2), without its head. */
export interface BoxRead {
  readonly type: string;
  readonly content: Uint8Array;
  /** Where the box begins, and where its content does. */
  readonly start: Bytes;
  readonly offset: Bytes;
}

/** The boxes that follow each other in `bytes`, up to the first that is not whole. */
export function* boxesIn(bytes: Uint8Array): Generator<BoxRead, void> {
  for (let start = 0; start + 8 <= bytes.length;) {
    const stated = uint32(bytes, start);
    const head = stated === 1 ? 16 : 8;
    const size = stated === 0 ? bytes.length - start : stated === 1 ? uint64(bytes, start + 8) : stated;
    if (size < head || start + size > bytes.length) return;
    const offset = start + head;
    yield { type: fourCharacters(bytes, start + 4), content: bytes.subarray(offset, start + size), start, offset };
    start += size;
  }
}

/** The content of the first box on the way `path` through the boxes in `bytes`. */
export function boxAt(bytes: Uint8Array, ...path: readonly string[]): Uint8Array | null {
  let inside: Uint8Array | null = bytes;
  for (const type of path) inside = inside && firstOf(inside, type);
  return inside;
}

function firstOf(bytes: Uint8Array, type: string): Uint8Array | null {
  for (const box of boxesIn(bytes)) if (box.type === type) return box.content;
  return null;
}

export const fourCharacters = (bytes: Uint8Array, at: Bytes): string =>
  String.fromCharCode(...bytes.subarray(at, at + 4));

/** Zeros stand for what lies beyond the end. */
export const uint16 = (bytes: Uint8Array, at: Bytes): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
export const uint32 = (bytes: Uint8Array, at: Bytes): number => uint16(bytes, at) * 2 ** 16 + uint16(bytes, at + 2);
export const int32 = (bytes: Uint8Array, at: Bytes): number => uint32(bytes, at) | 0;
export const uint64 = (bytes: Uint8Array, at: Bytes): number => uint32(bytes, at) * 2 ** 32 + uint32(bytes, at + 4);
