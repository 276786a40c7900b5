import type { Bytes } from '../units.ts';
import { type Id3Layout, id3Frames, resynchronise, syncsafe } from './id3-frames.ts';
import { tagsOfFrames, tagsOfTexts } from './id3-tags.ts';
import { readId3String } from './id3-text.ts';
import type { Tags } from './tags.ts';

const HEADER_BYTES = 10;
const ID3V1_BYTES = 128;
const ID3V1_EXTENSION_BYTES = 227;
const APE_FOOTER_BYTES = 32;
const MAX_LYRICS3V1_BYTES = 5100 + 20;
/** Nobody appends more; a size beyond it is an accident of audio data. */
const MAX_APPENDED_BYTES: Bytes = 16 * 1024 * 1024;
const MAX_TRAILING_TAGS = 8;

/**
 * The size of the ID3v2 tag that starts `bytes`, with header and footer, or null when there is none (ID3v2.4 section
 * 3.1). Ten bytes suffice. The size is the tag's own claim, up to 256 MiB.
 */
export function id3Size(bytes: Uint8Array): Bytes | null {
  const [, , , major = 255, revision = 255, flags = 0] = bytes;
  if (ascii(bytes, 0, 3) !== 'ID3' || major === 255 || revision === 255) return null;
  const size = syncsafe(bytes, 6);
  if (size === null) return null;
  return HEADER_BYTES + size + (major >= 4 && flags & 0x10 ? HEADER_BYTES : 0);
}

/**
 * Title, artist, album, chapters and artwork of the ID3v2.2, 2.3 or 2.4 tag that starts `bytes`. What is cut off,
 * damaged or compressed is left out; texts and the number of chapters are capped.
 */
export function readId3(bytes: Uint8Array): Tags {
  const size = id3Size(bytes);
  const [, , , major, , flags = 0] = bytes;
  if (size === null || (major !== 2 && major !== 3 && major !== 4)) return { chapters: [] };
  if (major === 2 && flags & 0x40) return { chapters: [] }; // compressed, in a way nobody ever defined

  const layout: Id3Layout = { major, unsynchronised: (flags & 0x80) !== 0 };
  const stored = bytes.subarray(HEADER_BYTES, size);
  const body = layout.unsynchronised && major < 4 ? resynchronise(stored) : stored;
  const skip = major !== 2 && flags & 0x40 ? extendedHeaderBytes(body, major) : 0;
  return tagsOfFrames(id3Frames(body.subarray(skip), layout), layout);
}

/** Title, artist and album of an ID3v1 tag, given the last 128 bytes of a file; empty tags when there is none. */
export function readId3v1(last: Uint8Array): Tags {
  const tag = last.subarray(-ID3V1_BYTES);
  if (tag.length < ID3V1_BYTES || ascii(tag, 0, 3) !== 'TAG') return { chapters: [] };
  const text = (start: number): string => readId3String(tag.subarray(start, start + 30), 0, 0).text;
  return tagsOfTexts(text(3), text(33), text(63));
}

/**
 * How many bytes at the end of a file are tags and no audio, given its last bytes (a few kB): ID3v1, APEv1/2, Lyrics3 and
 * appended ID3v2.4, in any order. More than `tail.length` when the first tag of them starts before `tail`.
 */
export function trailingTagBytes(tail: Uint8Array): Bytes {
  let total = 0;
  for (let count = 0; count < MAX_TRAILING_TAGS && total < tail.length; count++) {
    const tag = lastTagBytes(tail.subarray(0, tail.length - total));
    if (tag === 0) break;
    total += tag;
  }
  return total;
}

/** ID3v2.3 section 3.2 does not count the size field itself, ID3v2.4 section 3.2 does. */
function extendedHeaderBytes(body: Uint8Array, major: 3 | 4): Bytes {
  if (major === 4) return syncsafe(body, 0) ?? 0;
  const [a = 0, b = 0, c = 0, d = 0] = body;
  return 4 + a * 2 ** 24 + ((b << 16) | (c << 8) | d);
}

function lastTagBytes(bytes: Uint8Array): Bytes {
  if (ascii(bytes, -ID3V1_BYTES, 3) === 'TAG') {
    const extended = ascii(bytes, -ID3V1_BYTES - ID3V1_EXTENSION_BYTES, 4) === 'TAG+';
    return ID3V1_BYTES + (extended ? ID3V1_EXTENSION_BYTES : 0);
  }
  if (ascii(bytes, -APE_FOOTER_BYTES, 8) === 'APETAGEX') return apeBytes(bytes.slice(-APE_FOOTER_BYTES));
  if (ascii(bytes, -9, 9) === 'LYRICS200') return lyrics3v2Bytes(bytes);
  if (ascii(bytes, -9, 9) === 'LYRICSEND') return lyrics3v1Bytes(bytes);
  if (ascii(bytes, -HEADER_BYTES, 3) === '3DI') return appendedId3Bytes(bytes);
  return 0;
}

/** The footer states items and footer; bit 31 of its flags says that a header stands in front. */
function apeBytes(footer: Uint8Array): Bytes {
  const view = new DataView(footer.buffer);
  const size = view.getUint32(12, true);
  const header = view.getUint32(20, true) & 0x80000000 ? APE_FOOTER_BYTES : 0;
  return size < APE_FOOTER_BYTES || size > MAX_APPENDED_BYTES ? 0 : size + header;
}

/** Six digits before the end mark state everything in front of them. */
function lyrics3v2Bytes(bytes: Uint8Array): Bytes {
  const digits = ascii(bytes, -15, 6);
  return /^\d{6}$/.test(digits) ? Number(digits) + 15 : 0;
}

/** States no size: its start has to be found. */
function lyrics3v1Bytes(bytes: Uint8Array): Bytes {
  const end = bytes.subarray(-MAX_LYRICS3V1_BYTES);
  const start = ascii(end, 0, end.length).lastIndexOf('LYRICSBEGIN');
  return start < 0 ? 0 : end.length - start;
}

function appendedId3Bytes(bytes: Uint8Array): Bytes {
  const size = syncsafe(bytes, bytes.length - 4);
  return size === null || size > MAX_APPENDED_BYTES ? 0 : size + 2 * HEADER_BYTES;
}

/** The characters at `at`, counted from the end when negative; fewer where the array has fewer. */
const ascii = (bytes: Uint8Array, at: number, length: number): string =>
  at < -bytes.length ? '' : String.fromCharCode(...bytes.subarray(at, at + length || undefined));
