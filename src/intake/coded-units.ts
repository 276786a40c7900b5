import { BatonError } from '../errors.ts';
import type { AdtsHeader } from '../media/adts.ts';
import { effort } from '../media/effort.ts';
import { id3Size } from '../media/id3.ts';
import type { Mp3Header } from '../media/mp3.ts';
import type { OggPage } from '../media/ogg-read.ts';
import type { Bytes } from '../units.ts';
import { type ReadUnit, streamAt } from './stream-start.ts';

/** What streams without a container of their own are made of. */
export type CodedUnit =
  | { readonly kind: 'mp3'; readonly header: Mp3Header; readonly bytes: Uint8Array }
  | { readonly kind: 'adts'; readonly header: AdtsHeader; readonly bytes: Uint8Array }
  | { readonly kind: 'ogg'; readonly page: OggPage; readonly bytes: Uint8Array };

/** Takes a stream in pushes of any size; what it finds does not depend on them. */
export interface UnitScanner {
  /** The frames and pages that are complete with these bytes. Throws SOURCE_DAMAGED: nothing was found for too long, or looking takes too much. */
  push(bytes: Uint8Array): CodedUnit[];
  /** What only the end decides. */
  end(): CodedUnit[];
  /** Bytes in which nothing was found yet; 0 from the first frame or page on. */
  unknown(): Bytes;
}

/** Seconds even of the slowest stream whose station changed to something else. */
const MOST_JUNK: Bytes = 256 * 1024;
const ID3_HEAD: Bytes = 10;
/** Tags in front of an episode hold its pictures. */
const MOST_TAG: Bytes = 16 * 1024 * 1024;

/**
 * Finds MP3 frames, ADTS frames and Ogg pages, whichever comes: a station may change from one to another in mid-stream.
 * A stream begins where a run of three like frames stands, or a page whose checksum is right. From there on, the next frame
 * is due where the last one ends. So whoever joins later finds the same frames.
 */
export function unitScanner(): UnitScanner {
  let rest: Uint8Array = new Uint8Array();
  let read: ReadUnit | null = null;
  let isKnown = false;
  let junk: Bytes = 0;
  /** Of a tag. */
  let skip: Bytes = 0;
  /** A frame was due here, so that a tag may stand in its place. */
  let isDue = true;
  const spent = effort();

  function walk(bytes: Uint8Array, isEnd: boolean): CodedUnit[] {
    const units: CodedUnit[] = [];
    let at = 0;
    while (at < bytes.length) {
      const found = lookAt(bytes, at, isEnd);
      if (found === 'more') break;
      if (typeof found !== 'number') units.push(found);
      at += typeof found === 'number' ? found : found.bytes.length;
    }
    rest = bytes.subarray(at);
    if (junk > MOST_JUNK) throw new BatonError('SOURCE_DAMAGED', `no frames in ${junk} bytes`);
    return units;
  }

  /** The unit at `at`, or how many bytes can be passed over; 'more' where that cannot be told yet. */
  function lookAt(bytes: Uint8Array, at: number, isEnd: boolean): CodedUnit | Bytes | 'more' {
    if (skip > 0) {
      const passed = Math.min(skip, bytes.length - at);
      skip -= passed;
      return passed;
    }
    if (read === null) {
      const tag = isDue ? tagAt(bytes, at, isEnd) : 0;
      if (tag === 'more') return tag;
      skip = tag;
      if (tag > 0) return 0;
      isDue = false;
      const stream = streamAt(bytes, at, isEnd, spent);
      if (stream === 'more') return stream;
      if (stream === null) return wasted(1);
      read = stream;
    }
    const unit = read(bytes, at, isEnd, spent);
    if (unit === 'more') return isEnd ? wasted(bytes.length - at) : unit;
    if (unit === null) {
      read = null;
      isDue = true;
      return 0;
    }
    isKnown = true;
    junk = 0;
    return unit;
  }

  function wasted(bytes: Bytes): Bytes {
    junk += bytes;
    return bytes;
  }

  return {
    push: (bytes) => {
      spent.read(bytes.length);
      return walk(rest.length === 0 ? bytes : Buffer.concat([rest, bytes]), false);
    },
    end: () => walk(rest, true),
    unknown: () => (isKnown ? 0 : junk + rest.length),
  };
}

/** How long the ID3v2 tag at `at` is; 0 where there is none. */
function tagAt(bytes: Uint8Array, at: number, isEnd: boolean): Bytes | 'more' {
  const head = bytes.subarray(at, at + ID3_HEAD);
  const isMarked = String.fromCharCode(...head.subarray(0, 3)) === 'ID3'.slice(0, head.length);
  if (isMarked && head.length < ID3_HEAD) return isEnd ? 0 : 'more';
  const size = isMarked ? (id3Size(head) ?? 0) : 0;
  return size <= MOST_TAG ? size : 0;
}
