import { ALAC_CONFIG_BYTES } from '../media/alac.ts';
import { moovIn, trackIn } from './movie-boxes.ts';
import type { Piece } from './movie-bytes.ts';

/** The configuration of a track of ALAC: the content of the full box of that name in its sample entry; null without one. */
export function alacConfigIn(index: readonly Piece[], trackId: number): Uint8Array | null {
  const track = trackIn(moovIn(index), trackId) ?? new Uint8Array();
  const at = Buffer.from(track.buffer, track.byteOffset, track.length).indexOf(ALAC_BOX);
  return at < 0 ? null : track.slice(at + ALAC_BOX.length, at + ALAC_BOX.length + ALAC_CONFIG_BYTES);
}

/** Size, type, version and flags. */
const ALAC_BOX = Buffer.from([0, 0, 0, 12 + ALAC_CONFIG_BYTES, ...Buffer.from('alac'), 0, 0, 0, 0]);
