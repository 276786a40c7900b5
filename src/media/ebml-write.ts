import type { Bytes } from '../units.ts';

export type EbmlPart = Uint8Array | readonly number[];

/** An element whose size is not known, as of a stream: its content follows. */
export const UNKNOWN_SIZE = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/** An EBML element with its size in four bytes (RFC 8794 section 4). */
export function ebmlElement(id: readonly number[], ...content: readonly EbmlPart[]): Uint8Array {
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, ebmlSize(content.reduce((sum, part) => sum + part.length, 0)));
  return ebmlJoined([id, new Uint8Array(length.buffer), ...content]);
}

/** A size as a variable-length integer of four bytes. */
export const ebmlSize = (bytes: Bytes): number => 0x10000000 | bytes;

export const ebmlAscii = (text: string): EbmlPart => new TextEncoder().encode(text);

/** In four bytes. */
export const ebmlNumber = (value: number): EbmlPart => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);

export function ebmlDouble(value: number): EbmlPart {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return new Uint8Array(view.buffer);
}

export function ebmlJoined(parts: readonly EbmlPart[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
