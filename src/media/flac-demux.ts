import type { Bytes, Samples } from '../units.ts';
import { crc16 } from './crc.ts';
import type { Demux, MediaPacket } from './demuxer.ts';
import { effort, type Effort } from './effort.ts';
import { type FlacHeader, type FlacInfo, maxFlacFrame, readFlacHeader, silentFlacFrame } from './flac.ts';

/** Headers are looked at when so much of them is there. */
const HEADER_BYTES: Bytes = 17;
const LARGEST_BLOCK: Samples = 65_535;

/** A frame lasts so many samples for each of its bytes at most: silence on all channels. */
const DENSEST = 8192;

/** Where the first frame stands, and the sample that it says it begins with. */
export interface FlacStart {
  readonly start: Bytes;
  readonly origin: Samples;
}

/**
 * The frames of a native FLAC (RFC 9639 section 9). A frame ends where its checksum says so and the next one follows, so
 * no accident is taken for one. Frames that cannot be read leave a gap, which is filled with silence; a jump that no
 * frames can have stood in is none.
 */
export const flacDemux =
  (info: FlacInfo, { start: first, origin }: FlacStart): Demux =>
  (start) => {
    let bytes: Uint8Array = new Uint8Array();
    let offset = start;
    let expected: Samples | null = start === first ? 0 : null;
    let lastPlace = start;
    let lastEnd = start;
    let check: Check | null = null;
    const spent = effort();

    function push(more: Uint8Array): MediaPacket[] {
      spent.read(more.length);
      bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more]);
      return take(false);
    }

    function take(isEnd: boolean): MediaPacket[] {
      const packets: MediaPacket[] = [];
      let at = 0;
      for (;;) {
        at = nextSync(bytes, at);
        if (bytes.length - at < HEADER_BYTES && !isEnd) break;
        if (at >= bytes.length) break;
        const header = readFlacHeader(bytes, at, info);
        const checked: Check = check ?? { crc: 0, bytes: 0 };
        check = null;
        const end = header && frameEnd(bytes, at, header, info, isEnd, checked, spent);
        if (end === 'more') {
          check = checked;
          break;
        }
        if (header === null || end === null) {
          at += 1;
          continue;
        }
        const frame = { bytes: bytes.subarray(at, end), samples: header.samples, at: header.at - origin };
        const lost = offset + at - lastEnd;
        if (expected !== null && frame.at - expected <= lost * DENSEST) fill(packets, expected, frame.at);
        if (expected === null || frame.at >= expected) {
          lastPlace = offset + at;
          lastEnd = offset + end;
          packets.push({ ...frame, place: lastPlace });
          expected = frame.at + frame.samples;
        }
        at = end;
      }
      bytes = bytes.subarray(at);
      offset += at;
      return packets;
    }

    function fill(packets: MediaPacket[], from: Samples, to: Samples): void {
      for (let at = from; at < to; at += LARGEST_BLOCK) {
        const samples = Math.min(LARGEST_BLOCK, to - at);
        packets.push({ bytes: silentFlacFrame(info, samples), at, samples, place: lastPlace });
      }
    }

    return { push, end: () => take(true) };
  };

/** Where the next frame may begin at or after `from`. */
function nextSync(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next === undefined || next >> 1 === 0x7c) return at;
  }
  return bytes.length;
}

/** The checksum of the first bytes of a frame. */
interface Check {
  crc: number;
  bytes: Bytes;
}

/**
 * Where the frame at `start` ends; null when it never does, 'more' when that cannot be seen yet: then `check`, which is
 * zero at first, says how far one got.
 */
function frameEnd(
  bytes: Uint8Array,
  start: number,
  header: FlacHeader,
  info: FlacInfo,
  isEnd: boolean,
  check: Check,
  spent: Effort,
): number | 'more' | null {
  const limit = start + maxFlacFrame(info);
  for (let at = start + Math.max(header.length + 2, check.bytes); at <= limit; at++) {
    at = nextSync(bytes, at);
    const isLast = at >= bytes.length;
    if (isLast && !isEnd) break;
    if (bytes.length - at < HEADER_BYTES && !isEnd) break;
    spent.spend(at - start - check.bytes);
    check.crc = crc16(bytes, start + check.bytes, at, check.crc);
    check.bytes = at - start;
    // Over a frame with its own checksum the checksum is 0.
    if (check.crc === 0 && (isLast || follows(readFlacHeader(bytes, at, info), header))) return at;
    if (isLast) break;
  }
  return !isEnd && bytes.length <= limit + HEADER_BYTES ? 'more' : null;
}

const follows = (next: FlacHeader | null, header: FlacHeader): boolean => next !== null && next.at > header.at;
