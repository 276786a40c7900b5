import type { Bytes } from '../units.ts';

/** Bytes of a box. */
export type Part = Uint8Array | readonly number[];

/** A box: its size and type, then what it holds (ISO/IEC 14496-12 section 4.2). */
export function box(type: string, ...parts: readonly Part[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce<Bytes>((size, part) => size + part.length, HEAD_BYTES));
  new DataView(bytes.buffer).setUint32(0, bytes.length);
  bytes.set(ascii(type), 4);
  let at = HEAD_BYTES;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A box with version and flags (ISO/IEC 14496-12 section 4.2.2). */
export const fullBox = (type: string, version: number, flags: number, ...parts: readonly Part[]): Uint8Array =>
  box(type, u32(version * 2 ** 24 + flags), ...parts);

/** Big-endian, as everything in a box. */
export const u16 = (value: number): Part => [(value >>> 8) & 0xff, value & 0xff];
export const u32 = (value: number): Part => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
export const u64 = (value: number): Part => [...u32(Math.floor(value / 2 ** 32)), ...u32(value % 2 ** 32)];

/** Reserved bytes, and fields that are 0. */
export const zeros = (count: Bytes): Part => new Uint8Array(count);

export const ascii = (text: string): Part => Array.from(text, (character) => character.charCodeAt(0));

/** Size and type. */
export const HEAD_BYTES: Bytes = 8;
