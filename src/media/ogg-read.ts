import type { Bytes, Samples } from '../units.ts';
import { crc32 } from './crc.ts';
import type { Effort } from './effort.ts';

/** A page of an Ogg file (RFC 3533 section 6). */
export interface OggPage {
  readonly serial: number;
  readonly sequence: number;
  /** The first packet began on an earlier page. */
  readonly isContinued: boolean;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Where the last packet that ends here ends on the stream's clock; null when none does. */
  readonly granule: Samples | null;
  /** The pieces of packets on it; the last one may go on on the next page. */
  readonly pieces: readonly { readonly bytes: Uint8Array; readonly isWhole: boolean }[];
  readonly length: Bytes;
}

const HEADER_BYTES: Bytes = 27;
const CAPTURE = 'OggS';

/**
 * The page at `start` of `bytes`: null when there is none whose checksum is right, 'more' when it is not all there. What
 * is looked at counts as `effort`.
 */
export function readOggPage(bytes: Uint8Array, start: number, effort?: Effort): OggPage | 'more' | null {
  const letters = Math.min(CAPTURE.length, bytes.length - start);
  for (let i = 0; i < letters; i++) if (bytes[start + i] !== CAPTURE.charCodeAt(i)) return null;
  if (bytes.length - start < HEADER_BYTES) return 'more';
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, HEADER_BYTES);
  const segments = bytes.subarray(start + HEADER_BYTES, start + HEADER_BYTES + view.getUint8(26));
  const dataStart = start + HEADER_BYTES + view.getUint8(26);
  const end = segments.reduce((sum, length) => sum + length, dataStart);
  if (bytes.length < end) return 'more';
  effort?.spend(end - start);
  if (view.getUint8(4) !== 0 || pageChecksum(bytes, start, end) !== view.getUint32(22, true)) return null;
  const flags = view.getUint8(5);
  const granule = view.getBigInt64(6, true);
  return {
    serial: view.getUint32(14, true),
    sequence: view.getUint32(18, true),
    isContinued: (flags & 1) !== 0,
    isFirst: (flags & 2) !== 0,
    isLast: (flags & 4) !== 0,
    granule: granule < 0n ? null : Number(granule),
    pieces: piecesOf(bytes, dataStart, segments),
    length: end - start,
  };
}

/** Where a page may begin at or after `from`. */
export function nextCapture(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x4f, from); at >= 0; at = bytes.indexOf(0x4f, at + 1)) {
    const found = String.fromCharCode(...bytes.subarray(at, at + CAPTURE.length));
    if (CAPTURE.startsWith(found)) return at;
  }
  return bytes.length;
}

/** The checksum is reckoned with zeros in its own place. */
function pageChecksum(bytes: Uint8Array, start: number, end: number): number {
  const before = crc32(bytes, start, start + 22);
  return crc32(bytes, start + 26, end, crc32(new Uint8Array(4), 0, 4, before));
}

function piecesOf(bytes: Uint8Array, start: number, segments: Uint8Array): OggPage['pieces'] {
  const pieces: { bytes: Uint8Array; isWhole: boolean }[] = [];
  let from = start;
  let to = start;
  for (const [index, length] of segments.entries()) {
    to += length;
    if (length === 255 && index < segments.length - 1) continue;
    pieces.push({ bytes: bytes.subarray(from, to), isWhole: length < 255 });
    from = to;
  }
  return pieces;
}
