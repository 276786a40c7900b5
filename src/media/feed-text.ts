import { BatonError } from '../errors.ts';
import type { Bytes } from '../units.ts';

/**
 * A feed as text of one character for each unit of its encoding, so that places in the text are places in the bytes.
 * Markup reads as it is; the other bytes of single-byte encodings and UTF-8 stand as letters that mean nothing until
 * they are decoded.
 */
export interface FeedText {
  /** The next bytes as text. A byte-order mark and half a unit at the end are kept back. */
  read(bytes: Uint8Array): string;
  /** What a stretch of that text says. */
  decode(text: string): string;
  /** ASCII in the encoding of the feed. */
  encode(ascii: string): Uint8Array;
  /** Where a character of the text begins. */
  offset(position: number): Bytes;
}

/** How much of a feed tells its encoding. */
export const SNIFFED: Bytes = 1024;

// Hangul letters that XML allows in names, and hardly any text has: 0x80 to 0xff of these 256 stand for the bytes.
const STAND_IN = 0xd700;
const STAND_INS = /[\ud780-\ud7ff]+/g;

/** Encodings whose bytes below 0x80 are not ASCII wherever they stand. */
const UNLIKE_ASCII = /^(?:iso-2022|hz|utf-?7|utf-?32|iso-10646|ucs|ebcdic|cp037|ibm0)/i;

/**
 * Tells the encoding by byte-order mark, by how `<` is written, else by the XML declaration (XML 1.0 appendix F); UTF-8
 * where nothing does. `head` are the first bytes. Throws FEED_INVALID for encodings that are unlike ASCII.
 */
export function feedText(head: Uint8Array): FeedText {
  const [a = 0, b = 0, c = 0, d = 0] = head;
  if (a + b === 0 || (c + d === 0 && a + b > 0)) throw new BatonError('FEED_INVALID', 'UTF-32');
  if (a === 0xff && b === 0xfe) return wide('utf-16le', 2);
  if (a === 0xfe && b === 0xff) return wide('utf-16be', 2);
  if (b === 0 && a !== 0) return wide('utf-16le', 0);
  if (a === 0 && b !== 0) return wide('utf-16be', 0);
  return narrow(declared(head), a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0);
}

function declared(head: Uint8Array): string {
  const start = String.fromCharCode(...head.subarray(0, SNIFFED));
  const name = /<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']/.exec(start)?.[1] ?? 'utf-8';
  if (UNLIKE_ASCII.test(name)) throw new BatonError('FEED_INVALID', `encoding ${name}`);
  return name;
}

function narrow(encoding: string, mark: Bytes): FeedText {
  const decoder = decoderOf(encoding);
  let left = mark;
  return {
    read: (bytes) => {
      const fresh = bytes.subarray(Math.min(left, bytes.length));
      left -= bytes.length - fresh.length;
      return isAscii(fresh) ? ASCII.decode(fresh) : standIns(fresh);
    },
    decode: (text) =>
      text.replace(STAND_INS, (run) => decoder.decode(Uint8Array.from(run, (letter) => letter.charCodeAt(0) & 0xff))),
    encode: (ascii) => UTF_8.encode(ascii),
    offset: (position) => mark + position,
  };
}

function wide(encoding: 'utf-16le' | 'utf-16be', mark: Bytes): FeedText {
  const units = new TextDecoder(encoding, { ignoreBOM: true }); // lone surrogates come out as another character, of the same length
  const low = encoding === 'utf-16le' ? 0 : 1;
  let left = mark;
  let half: Uint8Array = new Uint8Array();
  return {
    read: (bytes) => {
      const whole = new Uint8Array(half.length + bytes.length);
      whole.set(half);
      whole.set(bytes, half.length);
      const fresh = whole.subarray(Math.min(left, whole.length));
      left -= whole.length - fresh.length;
      half = fresh.subarray(fresh.length & ~1);
      return units.decode(fresh.subarray(0, fresh.length & ~1));
    },
    decode: (text) => text,
    encode: (ascii) => {
      const bytes = new Uint8Array(2 * ascii.length);
      for (let at = 0; at < ascii.length; at++) bytes[2 * at + low] = ascii.charCodeAt(at);
      return bytes;
    },
    offset: (position) => mark + 2 * position,
  };
}

const UTF_8 = new TextEncoder();
const ASCII = new TextDecoder('utf-8', { ignoreBOM: true });
const PAIRS = new TextDecoder('utf-16le', { ignoreBOM: true });

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80) return false;
  return true;
}

function standIns(bytes: Uint8Array): string {
  const pairs = new Uint8Array(2 * bytes.length);
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    pairs[2 * at] = byte;
    if (byte >= 0x80) pairs[2 * at + 1] = STAND_IN >> 8;
  }
  return PAIRS.decode(pairs);
}

/** UTF-16 cannot be true of bytes; an unknown name tells nothing. */
function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(/^utf-?16/i.test(encoding) ? 'utf-8' : encoding, { ignoreBOM: true });
  } catch {
    return new TextDecoder('windows-1252');
  }
}
