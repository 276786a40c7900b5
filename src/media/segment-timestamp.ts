import type { Seconds } from '../units.ts';
import { id3Frames } from './id3-frames.ts';
import { id3Size } from './id3.ts';
import { TIMESTAMP_HERTZ } from './ts-pes.ts';

const OWNER = 'com.apple.streaming.transportStreamTimestamp';
const TIMESTAMP_BYTES = 8;
const HEADER_BYTES = 10;

/**
 * The time stamp of a segment of bare frames, which its first ID3 tag holds in a PRIV frame (RFC 8216 3.4); null where the
 * tag at the start of `bytes` has none.
 */
export function readSegmentTimestamp(bytes: Uint8Array): Seconds | null {
  const size = id3Size(bytes);
  const major = bytes[3];
  if (size === null || (major !== 3 && major !== 4)) return null;
  const layout = { major, unsynchronised: false } as const;
  for (const { id, content } of id3Frames(bytes.subarray(HEADER_BYTES, size), layout)) {
    const stated = content.subarray(OWNER.length + 1);
    const isOurs = id === 'PRIV' && Buffer.from(content.subarray(0, OWNER.length)).toString('latin1') === OWNER;
    if (isOurs && stated.length === TIMESTAMP_BYTES) {
      const view = new DataView(stated.buffer, stated.byteOffset, stated.byteLength);
      return ((view.getUint32(0) & 1) * 2 ** 32 + view.getUint32(4)) / TIMESTAMP_HERTZ;
    }
  }
  return null;
}
