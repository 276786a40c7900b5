import { readPictureInit } from '../../src/media/fragment-init.ts';
import { readFragments } from '../../src/media/fragments.ts';

const SLICES: readonly number[] = [1, 5];

/** A segment in fragments of H.264 whose pictures are as they should be, but for what no decoder makes anything of. */
export function undecodable(segment: Uint8Array, init: Uint8Array): Uint8Array {
  const track = readPictureInit(init);
  if (track === null) throw new Error('no pictures');
  const copy = Buffer.from(segment);
  for (const { bytes } of readFragments(segment, track)) {
    const end = copy.indexOf(bytes) + bytes.length;
    for (let at = end - bytes.length, next = at; at < end; at = next) {
      next = at + 4 + copy.readUInt32BE(at);
      // The first macroblock lies behind the last one (ITU-T H.264 7.3.3).
      if (SLICES.includes((copy[at + 4] ?? 0) & 31)) copy.fill(0xff, at + 6, next).fill(0, at + 5, at + 6);
    }
  }
  return copy;
}
