import { passChannel, readWindows } from './aac-channel.ts';
import { type BitCursor, bitCursor } from './bits.ts';

/** What a raw_data_block of AAC-LC holds besides its spectra (ISO/IEC 13818-7 6.3, ISO/IEC 14496-3 4.4.2). */
export interface AacBlock {
  /** Spectral band replication follows a channel element, so the decoder puts out twice the rate: HE-AAC. */
  readonly sbr: boolean;
  /** Its program_config_element up to the alignment, from behind the element's id on; null without one. */
  readonly program: Uint8Array | null;
}

const ELEMENT = { single: 0, pair: 1, coupling: 2, lfe: 3, data: 4, program: 5, fill: 6, end: 7 } as const;
const SBR_DATA = [13, 14];

/**
 * Walks through the block at the start of `bytes`. Null when it is damaged, not AAC-LC, or has a coupling channel.
 *
 * @param rateIndex sampling frequency index
 */
export function readAacBlock(bytes: Uint8Array, rateIndex: number): AacBlock | null {
  try {
    return readElements(bitCursor(bytes), rateIndex);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The channels that a program_config_element names; 0 without one. */
export function programChannels(program: Uint8Array | null): number {
  if (program === null) return 0;
  const bits = bitCursor(program);
  bits.skip(10);
  const [front, side, back, lfe] = [bits.read(4), bits.read(4), bits.read(4), bits.read(2)];
  bits.skip(7);
  for (const mixdownBits of [4, 4, 3]) if (bits.read(1) === 1) bits.skip(mixdownBits);
  let channels = lfe;
  for (let left = front + side + back; left > 0; left--) {
    channels += 1 + bits.read(1);
    bits.skip(4);
  }
  return channels;
}

function readElements(bits: BitCursor, rateIndex: number): AacBlock {
  let sbr = false;
  let channels = false;
  let program: Uint8Array | null = null;
  for (;;) {
    const element = bits.read(3);
    if (element === ELEMENT.end) return { sbr, program };
    if (element === ELEMENT.fill) sbr = passFill(bits) && channels ? true : sbr;
    else if (element === ELEMENT.data) passData(bits);
    else if (element === ELEMENT.program) program = takeProgram(bits);
    else {
      passChannels(bits, element, rateIndex);
      channels = true;
    }
  }
}

/** True when it is SBR. */
function passFill(bits: BitCursor): boolean {
  const short = bits.read(4);
  const count = short === 15 ? 14 + bits.read(8) : short;
  if (count === 0) return false;
  const type = bits.read(4);
  bits.skip(count * 8 - 4);
  return SBR_DATA.includes(type);
}

function passData(bits: BitCursor): void {
  bits.skip(4);
  const isAligned = bits.read(1) === 1;
  const short = bits.read(8);
  const count = short === 255 ? 255 + bits.read(8) : short;
  if (isAligned) bits.align();
  bits.skip(count * 8);
}

function takeProgram(bits: BitCursor): Uint8Array {
  const start = bits.position();
  bits.skip(10);
  const [front, side, back] = [bits.read(4), bits.read(4), bits.read(4)];
  const [lfe, data, coupling] = [bits.read(2), bits.read(3), bits.read(4)];
  for (const mixdownBits of [4, 4, 3]) if (bits.read(1) === 1) bits.skip(mixdownBits);
  bits.skip(5 * (front + side + back + coupling) + 4 * (lfe + data));
  const program = bits.copy(start, bits.position());
  bits.align();
  bits.skip(8 * bits.read(8));
  return program;
}

function passChannels(bits: BitCursor, element: number, rateIndex: number): void {
  bits.skip(4);
  if (element === ELEMENT.coupling) throw new RangeError('coupling channel');
  if (element !== ELEMENT.pair) {
    passChannel(bits, null, rateIndex);
    return;
  }
  const shared = bits.read(1) === 1 ? readWindows(bits, rateIndex) : null;
  if (shared !== null && bits.read(2) === 1) bits.skip(shared.groups.length * shared.bands.length);
  passChannel(bits, shared, rateIndex);
  passChannel(bits, shared, rateIndex);
}
