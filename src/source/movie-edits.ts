import type { Hertz, Samples } from '../units.ts';
import { childOf, moovIn, trackIn, uint32 } from './movie-boxes.ts';
import type { Piece } from './movie-bytes.ts';

// mediabunny applies where an edit starts, but not where it ends, and leaves the notes of iTunes alone.

/**
 * Where the edit list of a track ends its presentation (ISO/IEC 14496-12 8.6.6), in samples from timestamp 0; null when
 * it does not say, or says it for several edits.
 */
export function statedEnd(index: readonly Piece[], trackId: number, sampleRate: Hertz): Samples | null {
  const moov = moovIn(index);
  const header = childOf(moov, 'mvhd');
  const edits = editListOf(moov, trackId);
  if (!header || !edits) return null;

  const timescale = uint32(header, header[0] === 1 ? 20 : 12);
  const entries = editsOf(edits);
  const delay = entries.filter(({ isEmpty }) => isEmpty).reduce((sum, { duration }) => sum + duration, 0);
  const [only, ...others] = entries.filter(({ isEmpty }) => !isEmpty);
  if (!only || others.length > 0 || only.duration === 0 || timescale === 0) return null;
  // Rounded up by one tick of the movie's clock, which may be as coarse as a millisecond.
  return Math.ceil(((delay + only.duration + (timescale < sampleRate ? 1 : 0)) * sampleRate) / timescale);
}

/** Whether a track has an edit list, whatever it says. */
export const hasEdits = (index: readonly Piece[], trackId: number): boolean =>
  editListOf(moovIn(index), trackId) !== undefined;

/** The iTunSMPB note: priming, padding and length of the sound, in hexadecimal. */
export function statedPriming(index: readonly Piece[]): { priming: Samples; samples: Samples } | null {
  for (const { bytes } of index) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const at = text.indexOf('iTunSMPB');
    if (at < 0) continue;
    const [, priming, samples] =
      /[\dA-F]{8} ([\dA-F]{8}) [\dA-F]{8} ([\dA-F]{16})/i.exec(text.toString('latin1', at, at + 200)) ?? [];
    if (priming === undefined || samples === undefined) return null;
    const found = { priming: parseInt(priming, 16), samples: parseInt(samples, 16) };
    return found.priming < MAX_PRIMING && found.samples > 0 ? found : null;
  }
  return null;
}

const MAX_PRIMING: Samples = 16_384;

const editListOf = (moov: Uint8Array | undefined, trackId: number): Uint8Array | undefined =>
  childOf(childOf(trackIn(moov, trackId), 'edts'), 'elst');

function editsOf(list: Uint8Array): { duration: number; isEmpty: boolean }[] {
  const isLong = list[0] === 1;
  const entryBytes = isLong ? 20 : 12;
  const count = Math.min(uint32(list, 4), Math.floor((list.length - 8) / entryBytes));
  return Array.from({ length: count }, (_, i) => {
    const at = 8 + i * entryBytes;
    const duration = isLong ? uint32(list, at) * 2 ** 32 + uint32(list, at + 4) : uint32(list, at);
    return { duration, isEmpty: uint32(list, at + (isLong ? 8 : 4)) === 0xffff_ffff };
  });
}
