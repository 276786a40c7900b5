import type { Bytes } from '../units.ts';
import { crc32 } from './crc.ts';

/** What stands on one page of an Ogg stream (RFC 3533 section 6). */
export interface OggPage {
  readonly serial: number;
  readonly sequence: number;
  /** Of the last packet that ends on the page; null where none does. */
  readonly granule: number | null;
  /** The page begins with the rest of a packet. */
  readonly continues?: boolean;
  readonly isFirst?: boolean;
  readonly isLast?: boolean;
  /** Sizes of the packets that are on the page, the last one in whole or in part. */
  readonly lacing: readonly number[];
  readonly body: readonly Uint8Array[];
}

/** Before the lacing values. */
export const PAGE_HEADER_BYTES: Bytes = 27;
/** The most lacing values that fit a page; each stands for up to 255 bytes. */
export const MOST_LACING = 255;

/** The page, with its checksum. */
export function writeOggPage(page: OggPage): Uint8Array {
  const { lacing, body, granule } = page;
  const headBytes = PAGE_HEADER_BYTES + lacing.length;
  const bytes = new Uint8Array(headBytes + body.reduce((sum, part) => sum + part.length, 0));
  const view = new DataView(bytes.buffer);
  bytes.set(CAPTURE);
  bytes[5] = (page.continues === true ? 1 : 0) | (page.isFirst === true ? 2 : 0) | (page.isLast === true ? 4 : 0);
  view.setBigInt64(6, BigInt(granule ?? -1), true);
  view.setUint32(14, page.serial, true);
  view.setUint32(18, page.sequence, true);
  bytes[26] = lacing.length;
  bytes.set(lacing, PAGE_HEADER_BYTES);
  let at = headBytes;
  for (const part of body) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(22, crc32(bytes, 0, bytes.length), true);
  return bytes;
}

/** The lacing values of a whole packet: a value below 255 ends it. */
export const lacingOf = (packetBytes: Bytes): readonly number[] => [
  ...Array<number>(Math.floor(packetBytes / 255)).fill(255),
  packetBytes % 255,
];

const CAPTURE = new TextEncoder().encode('OggS');
