import { id3Size } from '../media/id3.ts';
import type { Bytes } from '../units.ts';

/** Where ID3v2 tags at the start end; more than one is rare but seen. Beyond `bytes` when they do not end in them. */
export function tagsEnd(bytes: Uint8Array): Bytes {
  let end: Bytes = 0;
  for (let size = id3Size(bytes); size !== null; size = id3Size(bytes.subarray(end))) end += size;
  return end;
}
