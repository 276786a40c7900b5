import type { Bytes } from '../units.ts';

/** The head of an EBML element (RFC 8794 section 6). */
export interface EbmlHead {
  /** With its length marker, as the tables of Matroska write it. */
  readonly id: number;
  /** Null when the element says that it does not know. */
  readonly size: Bytes | null;
  readonly length: Bytes;
}

/** An element that is all there. */
export interface EbmlElement {
  readonly id: number;
  readonly content: Uint8Array;
}

const MAX_ID_BYTES = 4;

/** The most bytes that a head has. */
export const MAX_HEAD_BYTES: Bytes = 12;

/** The head at `start` of `bytes`: null when there is none, 'more' when it is not all there. */
export function readEbmlHead(bytes: Uint8Array, start: number): EbmlHead | 'more' | null {
  const first = bytes[start];
  if (first === undefined) return 'more';
  const idLength = Math.clz32(first) - 23;
  if (idLength > MAX_ID_BYTES) return null;
  const size = readVint(bytes, start + idLength);
  if (size === null || size === 'more') return size;
  let id = 0;
  for (let at = start; at < start + idLength; at++) id = id * 256 + (bytes[at] ?? 0);
  return { id, size: size.value, length: idLength + size.length };
}

/** A variable-length integer; its value is null when all its bits are set. */
export function readVint(bytes: Uint8Array, start: number): { value: number | null; length: number } | 'more' | null {
  const first = bytes[start];
  if (first === undefined) return 'more';
  const length = Math.clz32(first) - 23;
  if (length > 8) return null;
  if (start + length > bytes.length) return 'more';
  let value = first & (0xff >> length);
  let isUnknown = value === 0xff >> length;
  for (let at = start + 1; at < start + length; at++) {
    value = value * 256 + (bytes[at] ?? 0);
    isUnknown &&= bytes[at] === 0xff;
  }
  return { value: isUnknown ? null : value, length };
}

/** The elements in `bytes`; stops at the first one that is not whole. */
export function* ebmlElements(bytes: Uint8Array): Generator<EbmlElement> {
  for (let at = 0; at < bytes.length;) {
    const head = readEbmlHead(bytes, at);
    if (head === null || head === 'more' || head.size === null) return;
    const start = at + head.length;
    at = start + head.size;
    if (at > bytes.length) return;
    yield { id: head.id, content: bytes.subarray(start, at) };
  }
}

/** The contents of all elements called `id` in `bytes`. */
export const allIn = (bytes: Uint8Array, id: number): Uint8Array[] =>
  [...ebmlElements(bytes)].filter((element) => element.id === id).map(({ content }) => content);

/** The content of the first one. */
export const firstIn = (bytes: Uint8Array, id: number): Uint8Array | undefined => allIn(bytes, id)[0];

/** An unsigned integer of up to eight bytes. */
export const ebmlUint = (content: Uint8Array): number => content.reduce((value, byte) => value * 256 + byte, 0);

/** A signed integer of up to eight bytes. */
export const ebmlInt = (content: Uint8Array): number =>
  ebmlUint(content) - ((content[0] ?? 0) >= 0x80 ? 256 ** content.length : 0);

/** A number of four or eight bytes, else 0. */
export function ebmlFloat(content: Uint8Array): number {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  return content.length === 4 ? view.getFloat32(0) : content.length === 8 ? view.getFloat64(0) : 0;
}

/** Up to the first zero. */
export const ebmlText = (content: Uint8Array): string => UTF8.decode(content).split('\0')[0] ?? '';

const UTF8 = new TextDecoder();
