import { bitReader, bitWriter, type WriteBits } from './bits.ts';
import type { Samples } from '../units.ts';
import { readMp3Header } from './mp3.ts';

/**
 * A frame of MP3 without any sound, for the decoder of `like`: of its rate and length; null where that is no frame. It
 * leans on no other.
 */
export function silentMp3(like: Uint8Array): Uint8Array | null {
  const header = readMp3Header(like, 0);
  if (header === null) return null;
  const frame = new Uint8Array(header.frameBytes);
  frame.set(like.subarray(0, HEADER_BYTES));
  frame[1] = (frame[1] ?? 0) | NO_CRC;
  return frame;
}

const HEADER_BYTES = 4;
const NO_CRC = 1;

type Element = 'single' | 'pair' | 'lfe';
const ELEMENTS: readonly (readonly Element[])[] = [
  ...[['single'], ['pair'], ['single', 'pair'], ['single', 'pair', 'single'], ['single', 'pair', 'pair']],
  ...[
    ['single', 'pair', 'pair', 'lfe'],
    ['single', 'pair', 'pair', 'pair', 'lfe'],
  ],
] as readonly (readonly Element[])[];
const IDS: Readonly<Record<Element, number>> = { single: 0, pair: 1, lfe: 3 };
const END = 7;

/**
 * A raw data block of AAC-LC without any sound (ISO/IEC 14496-3 4.4.2.1), for a decoder of this AudioSpecificConfig; null
 * where its channels are no common layout.
 */
export function silentAac(config: Uint8Array): Uint8Array | null {
  const read = bitReader(config);
  read(5);
  if (read(4) === 15) read(24);
  const elements = ELEMENTS[read(4) - 1];
  if (elements === undefined) return null;
  const block = new Uint8Array(elements.length * LONGEST_ELEMENT + 1);
  let bits = 0;
  const write = bitWriter(block, 0);
  const put: WriteBits = (value, length) => {
    write(value, length);
    bits += length;
  };
  for (const [index, element] of elements.entries()) {
    put(IDS[element], 3);
    put(elements.slice(0, index).filter((each) => each === element).length, 4);
    if (element === 'pair') writePair(put);
    else writeChannel(put, true);
  }
  put(END, 3);
  return block.slice(0, Math.ceil(bits / 8));
}

const LONGEST_ELEMENT = 8;

/** With common windows, and no stereo of middle and side. */
function writePair(put: WriteBits): void {
  put(1, 1);
  writeWindows(put);
  put(0, 2);
  writeChannel(put, false);
  writeChannel(put, false);
}

/** A gain; then no pulses, no temporal noise shaping, no gain control, and no spectrum, since no band has one. */
function writeChannel(put: WriteBits, hasWindows: boolean): void {
  put(0, 8);
  if (hasWindows) writeWindows(put);
  put(0, 3);
}

/** One long sine window, no bands, no prediction. */
const writeWindows = (put: WriteBits): void => put(0, 11);

/** At 48 kHz. */
export const SILENT_OPUS_SAMPLES: Samples = 960;

/** A packet of Opus of 20 ms without any sound (RFC 6716 3.1: CELT, full band). */
export const silentOpus = (channels: number): Uint8Array => Uint8Array.of(channels === 1 ? 0xf8 : 0xfc, 0xff, 0xfe);
