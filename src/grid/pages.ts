import type { Bytes, Frames } from '../units.ts';
import type { Timeline } from './timeline.ts';

/** Packets on a page of Ogg: 480 ms, since a page can only leave when all of it is encoded. Chunks hold whole pages. */
export const PAGE_PACKETS: Frames = 24;

/** Before the lacing values (RFC 3533 section 6). */
const HEADER_BYTES: Bytes = 27;

/** Bytes of the pages that hold `packets` packets of the timeline's size, the last one perhaps fewer than the others. */
export function pagesBytes({ frameBytes }: Timeline, packets: Frames): Bytes {
  const size = frameBytes ?? NaN;
  const lacing = Math.floor(size / 255) + 1;
  return Math.ceil(packets / PAGE_PACKETS) * HEADER_BYTES + packets * (lacing + size);
}
