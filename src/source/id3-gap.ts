import { syncsafe } from '../media/id3-frames.ts';
import type { ByteRange, Bytes } from '../units.ts';

/**
 * The frame of an ID3v2.3 or 2.4 tag that goes beyond `head`, which starts with the tag: large artwork, behind which
 * chapters may stand. Null where frames cannot be counted from here.
 */
export function oversizedFrame(head: Uint8Array): ByteRange | null {
  const [, , , major, , flags = 0] = head;
  if ((major !== 3 && major !== 4) || flags & (UNSYNCHRONISED | EXTENDED)) return null;
  for (let at = HEADER_BYTES; at + HEADER_BYTES <= head.length;) {
    if (!/^[A-Z0-9]{4}$/.test(String.fromCharCode(...head.subarray(at, at + 4)))) return null;
    const size = major === 4 ? syncsafe(head, at + 4) : uint32(head, at + 4);
    if (size === null) return null;
    const end = at + HEADER_BYTES + size;
    if (end > head.length) return { start: at, end };
    at = end;
  }
  return null;
}

/** The tag as if the frame in `gap` had never been in it; `rest` is what stands behind that frame. */
export function withoutFrame(head: Uint8Array, gap: ByteRange, rest: Uint8Array): Uint8Array {
  const tag = Buffer.concat([head.subarray(0, gap.start), rest]);
  const size = tag.length - HEADER_BYTES;
  tag.set(
    [21, 14, 7, 0].map((shift) => (size >> shift) & 127),
    6,
  );
  return tag;
}

const HEADER_BYTES: Bytes = 10;
const UNSYNCHRONISED = 0x80;
const EXTENDED = 0x40;

const uint32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
