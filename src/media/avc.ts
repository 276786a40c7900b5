import type { Bytes } from '../units.ts';
import { bitCursor, type BitCursor } from './bits.ts';

/** Types of NAL units (ITU-T H.264 table 7-1). */
export const NAL = {
  ...{ slice: 1, idr: 5, sei: 6, sps: 7, pps: 8, delimiter: 9 },
  ...{ endOfSequence: 10, endOfStream: 11, filler: 12 },
} as const;

export const nalType = (unit: Uint8Array): number => (unit[0] ?? 0) & 0x1f;

/** What a sequence parameter set says (ITU-T H.264 7.3.2.1.1 and E.1.1). */
export interface AvcSequence {
  readonly profile: number;
  readonly constraints: number;
  readonly level: number;
  readonly chromaFormat: number;
  readonly bitDepth: number;
  /** After cropping. */
  readonly width: number;
  readonly height: number;
  /** False where fields may stand instead of frames. */
  readonly isProgressive: boolean;
  /** Width of a pixel to its height; null where that is not said. */
  readonly pixelAspect: readonly [number, number] | null;
  readonly colour: Colour | null;
}

/** Code points of ITU-T H.273. */
export interface Colour {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  readonly isFullRange: boolean;
}

/** Profiles whose sets say how colour is sampled. */
const WITH_CHROMA: readonly number[] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
/** Table E-1, from index 1 on. */
const PIXEL_ASPECTS: readonly (readonly [number, number])[] = [
  ...([
    [1, 1],
    [12, 11],
    [10, 11],
    [16, 11],
    [40, 33],
    [24, 11],
    [20, 11],
    [32, 11],
  ] as const),
  ...([
    [80, 33],
    [18, 11],
    [15, 11],
    [64, 33],
    [160, 99],
    [4, 3],
    [3, 2],
    [2, 1],
  ] as const),
];
const EXTENDED_SAR = 255;
const CHROMA_444 = 3;

/** The sequence that a set, with its NAL header, describes; null when it is damaged. */
export function readAvcSequence(unit: Uint8Array): AvcSequence | null {
  try {
    return sequenceIn(bitCursor(withoutEmulation(unit.subarray(1))));
  } catch {
    return null;
  }
}

/** Parameter sets and length size of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1); null when damaged. */
export interface AvcConfig {
  readonly lengthBytes: Bytes;
  readonly sequences: readonly Uint8Array[];
  readonly pictures: readonly Uint8Array[];
}

export function readAvcConfig(bytes: Uint8Array): AvcConfig | null {
  if (bytes[0] !== 1 || bytes.length < 7) return null;
  let at = 5;
  const list = (count: number | undefined): Uint8Array[] | null => {
    if (count === undefined) return null;
    const units: Uint8Array[] = [];
    for (; units.length < count; at += 2 + (units.at(-1)?.length ?? 0)) {
      const size = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      if (size === 0 || at + 2 + size > bytes.length) return null;
      units.push(bytes.subarray(at + 2, at + 2 + size));
    }
    return units;
  };
  const sequences = list((bytes[at++] ?? 0) & 0x1f);
  const pictures = sequences && list(bytes[at++]);
  return sequences && pictures && { lengthBytes: ((bytes[4] ?? 0) & 3) + 1, sequences, pictures };
}

/** The record for these sets, of NAL units behind four bytes of length. Sets that cannot be read count as 4:2:0 in 8 bits. */
export function writeAvcConfig(sequences: readonly Uint8Array[], pictures: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array()] = sequences;
  const [, profile = 0, constraints = 0, level = 0] = first;
  const { chromaFormat, bitDepth } = readAvcSequence(first) ?? { chromaFormat: 1, bitDepth: 8 };
  const listed = (units: readonly Uint8Array[]) =>
    units.flatMap((unit) => [unit.length >> 8, unit.length & 0xff, ...unit]);
  const head = [1, profile, constraints, level, 0xff, 0xe0 | sequences.length, ...listed(sequences)];
  // Without extensions of the sequence.
  const depth = 0xf8 | (bitDepth - 8);
  const tail = WITH_CHROMA.includes(profile) ? [0xfc | chromaFormat, depth, depth, 0] : [];
  return Uint8Array.from([...head, pictures.length, ...listed(pictures), ...tail]);
}

/** As in the `codecs` parameter of a media type (RFC 6381 section 3.3). */
export const avcCodecs = (profile: number, constraints: number, level: number): string =>
  `avc1.${[profile, constraints, level].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;

function sequenceIn(bits: BitCursor): AvcSequence {
  const [profile, constraints, level] = [bits.read(8), bits.read(8), bits.read(8)];
  unsigned(bits);
  const chroma = WITH_CHROMA.includes(profile) ? chromaIn(bits) : { chromaFormat: 1, bitDepth: 8 };
  unsigned(bits); // log2_max_frame_num_minus4
  skipOrder(bits);
  unsigned(bits); // max_num_ref_frames
  bits.skip(1);
  const widthInBlocks = unsigned(bits) + 1;
  const heightInUnits = unsigned(bits) + 1;
  const isProgressive = bits.read(1) === 1;
  if (!isProgressive) bits.skip(1);
  bits.skip(1);
  const crop = bits.read(1) === 1 ? [unsigned(bits), unsigned(bits), unsigned(bits), unsigned(bits)] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const [unitX, unitY] = [
    chroma.chromaFormat === 1 || chroma.chromaFormat === 2 ? 2 : 1,
    (chroma.chromaFormat === 1 ? 2 : 1) * (isProgressive ? 1 : 2),
  ];
  return {
    ...{ profile, constraints, level, ...chroma, isProgressive },
    width: widthInBlocks * 16 - (left + right) * unitX,
    height: heightInUnits * 16 * (isProgressive ? 1 : 2) - (top + bottom) * unitY,
    ...(bits.read(1) === 1 ? usabilityIn(bits) : { pixelAspect: null, colour: null }),
  };
}

function chromaIn(bits: BitCursor): { chromaFormat: number; bitDepth: number } {
  const chromaFormat = unsigned(bits);
  if (chromaFormat === CHROMA_444) bits.skip(1);
  const bitDepth = 8 + Math.max(unsigned(bits), unsigned(bits));
  bits.skip(1);
  if (bits.read(1) === 1) {
    for (let list = 0; list < (chromaFormat === CHROMA_444 ? 12 : 8); list++)
      if (bits.read(1) === 1) skipScalingList(bits, list < 6 ? 16 : 64);
  }
  return { chromaFormat, bitDepth };
}

function skipScalingList(bits: BitCursor, size: number): void {
  let [last, next] = [8, 8];
  for (let index = 0; index < size; index++) {
    if (next !== 0) next = (last + signed(bits) + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipOrder(bits: BitCursor): void {
  const type = unsigned(bits);
  if (type === 0) unsigned(bits);
  if (type !== 1) return;
  bits.skip(1);
  signed(bits);
  signed(bits);
  for (let left = unsigned(bits); left > 0; left--) signed(bits);
}

const usabilityIn = (bits: BitCursor): Pick<AvcSequence, 'pixelAspect' | 'colour'> => ({
  pixelAspect: bits.read(1) === 1 ? pixelAspectIn(bits) : null,
  colour: colourIn(bits),
});

function pixelAspectIn(bits: BitCursor): readonly [number, number] | null {
  const index = bits.read(8);
  if (index !== EXTENDED_SAR) return PIXEL_ASPECTS[index - 1] ?? null;
  const [across, up] = [bits.read(16), bits.read(16)];
  return across > 0 && up > 0 ? [across, up] : null;
}

function colourIn(bits: BitCursor): Colour | null {
  if (bits.read(1) === 1) bits.skip(1);
  if (bits.read(1) === 0) return null;
  bits.skip(3);
  const isFullRange = bits.read(1) === 1;
  if (bits.read(1) === 0) return { primaries: 2, transfer: 2, matrix: 2, isFullRange };
  return { primaries: bits.read(8), transfer: bits.read(8), matrix: bits.read(8), isFullRange };
}

/** Exp-Golomb (9.1). */
function unsigned(bits: BitCursor): number {
  let zeros = 0;
  while (bits.read(1) === 0) zeros++;
  if (zeros > 31) throw new RangeError('no such number');
  return 2 ** zeros - 1 + (zeros === 0 ? 0 : bits.read(zeros));
}

function signed(bits: BitCursor): number {
  const code = unsigned(bits);
  return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
}

/** A 3 behind two zeros is not part of the content (7.4.1). */
function withoutEmulation(bytes: Uint8Array): Uint8Array {
  const isEscape = (byte: number, at: number): boolean => byte === 3 && bytes[at - 1] === 0 && bytes[at - 2] === 0;
  return bytes.filter((byte, at) => !isEscape(byte, at));
}
