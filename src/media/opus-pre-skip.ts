import type { Samples } from '../units.ts';

/** What an OpusHead says is to be dropped in front (RFC 7845 5.1). */
export const preSkipOf = (head: Uint8Array): Samples => (head[10] ?? 0) + ((head[11] ?? 0) << 8);

/** The head for a decoder that may start anywhere: ffmpeg drops the pre-skip wherever that is. */
export function withoutPreSkip(head: Uint8Array): Uint8Array {
  const copy = new Uint8Array(head); // slice() of a Buffer copies nothing
  copy.fill(0, 10, 12);
  return copy;
}
