import type { Bytes, Frames, Samples } from '../units.ts';
import { type HlsClock, START } from './hls-timeline.ts';
import type { Place } from './seek-index.ts';

/** What one segment turned out to be. */
export interface HlsEntry {
  /** `silent`: it is missing, damaged, or for another decoder. */
  readonly kind: 'sound' | 'silent';
  /** Of it as it came, without encryption; 0 where nothing came. */
  readonly bytes: Bytes;
  /** Of these bytes. */
  readonly checksum: number;
  /** It ends in the middle of a frame, which the next one has the rest of. */
  readonly isCut: boolean;
}

/** Where the sound of each segment stands; grows from the first one on. */
export interface HlsIndex {
  /** Whole frames known so far, by the length of most. */
  readonly frames: Frames;
  /** Segments known so far. */
  readonly segments: number;
  /** Samples known so far. */
  readonly samples: Samples;
  readonly complete: boolean;
  /** Of all segments so far. */
  readonly end: Bytes;
  entry(segment: number): HlsEntry | undefined;
  /** The clock before a segment, of those that are known and the next one. */
  clock(segment: number): HlsClock;
  /** The first segment that may hold the packet before `at`. */
  segmentAt(at: Samples): number;
  /** Takes notice of the next segment, behind which the clock is `after`. */
  note(entry: HlsEntry, after: HlsClock): void;
  finish(): void;
  locate(frame: Frames): Place | null;
}

interface Row extends HlsEntry {
  readonly after: HlsClock;
}

/** An index that knows nothing yet of a source whose frames last `frameSamples`. */
export const createHlsIndex = (frameSamples: Samples): HlsIndex => growing([], frameSamples, false);

const FORMAT = 1;
const HEAD_BYTES: Bytes = 1;
const ROW_BYTES: Bytes = 25;
const SILENT = 1;
const CUT = 2;

/** The known part as bytes: format, then for each segment flags, size, checksum, and the clock behind it. */
export function encodeHlsIndex(index: HlsIndex): Uint8Array {
  const bytes = Buffer.alloc(HEAD_BYTES + index.segments * ROW_BYTES);
  bytes[0] = FORMAT;
  for (let segment = 0, at = HEAD_BYTES; segment < index.segments; segment++, at += ROW_BYTES) {
    const { kind = 'silent', isCut = false, bytes: size = 0, checksum = 0 } = index.entry(segment) ?? {};
    const after = index.clock(segment + 1);
    bytes.writeUInt8((kind === 'silent' ? SILENT : 0) | (isCut ? CUT : 0), at);
    bytes.writeUInt32BE(size, at + 1);
    bytes.writeUInt32BE(checksum, at + 5);
    bytes.writeDoubleBE(after.next, at + 9);
    bytes.writeDoubleBE(after.at ?? NaN, at + 17);
  }
  return bytes;
}

/** The index in `bytes`, which is that of a whole source or of its beginning; null when they hold none. */
export function decodeHlsIndex(stored: Uint8Array, complete: boolean, frameSamples: Samples): HlsIndex | null {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
  if (bytes[0] !== FORMAT || (bytes.length - HEAD_BYTES) % ROW_BYTES !== 0) return null;
  const rows: Row[] = [];
  for (let at = HEAD_BYTES; at < bytes.length; at += ROW_BYTES) {
    const flags = bytes.readUInt8(at);
    const stamp = bytes.readDoubleBE(at + 17);
    rows.push({
      ...{ kind: (flags & SILENT) !== 0 ? 'silent' : 'sound', isCut: (flags & CUT) !== 0 },
      ...{ bytes: bytes.readUInt32BE(at + 1), checksum: bytes.readUInt32BE(at + 5) },
      after: { next: bytes.readDoubleBE(at + 9), at: Number.isNaN(stamp) ? null : stamp },
    });
  }
  return growing(rows, frameSamples, complete);
}

function growing(rows: Row[], frameSamples: Samples, complete: boolean): HlsIndex {
  const clock = (segment: number): HlsClock => rows[segment - 1]?.after ?? START;
  let end = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    get frames() {
      return Math.floor(clock(rows.length).next / frameSamples);
    },
    get segments() {
      return rows.length;
    },
    get samples() {
      return clock(rows.length).next;
    },
    get complete() {
      return complete;
    },
    get end() {
      return end;
    },
    entry: (segment) => rows[segment],
    clock,
    segmentAt: (at) => {
      let [low, high] = [0, rows.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((rows[middle]?.after.next ?? Infinity) > at) high = middle;
        else low = middle + 1;
      }
      return low;
    },
    note: (entry, after) => {
      rows.push({ ...entry, after });
      end += entry.bytes;
    },
    finish: () => void (complete = true),
    locate: () => null,
  };
}
