import type { Bytes } from '../units.ts';

/** What an ADTS header says of its stream (ISO/IEC 13818-7 6.2). */
export interface AdtsFormat {
  /** 1 Main, 2 LC, 3 SSR, 4 LTP. */
  readonly objectType: number;
  readonly rateIndex: number;
  readonly channelConfig: number;
}

const HEADER_BYTES: Bytes = 7;
const SBR_TYPES: readonly number[] = [5, 29];
/** Fullness of a variable bitrate. */
const VARIABLE = 0x7ff;

/** AAC-LC at 48 kHz. */
export const adtsLc = (channels: 1 | 2): AdtsFormat => ({ objectType: 2, rateIndex: 3, channelConfig: channels });

/**
 * The stream that an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1) is of; null where ADTS cannot say it. Extensions are
 * not said: decoders find them.
 */
export function adtsFormatOf([first = 0, second = 0]: Uint8Array): AdtsFormat | null {
  const objectType = first >> 3;
  const rateIndex = ((first & 7) << 1) | (second >> 7);
  if (objectType < 1 || objectType > 4 || SBR_TYPES.includes(objectType) || rateIndex > 12) return null;
  return { objectType, rateIndex, channelConfig: (second >> 3) & 15 };
}

/** `blocks` raw data blocks of AAC behind an ADTS header, without CRC. */
export function adtsFrame(unit: Uint8Array, format: AdtsFormat, blocks = 1): Uint8Array {
  const { objectType, rateIndex, channelConfig } = format;
  const length = HEADER_BYTES + unit.length;
  const frame = new Uint8Array(length);
  frame.set([
    0xff,
    0xf1, // MPEG-4, layer 0, no CRC
    ((objectType - 1) << 6) | (rateIndex << 2) | (channelConfig >> 2),
    ((channelConfig & 3) << 6) | (length >> 11),
    (length >> 3) & 0xff,
    ((length & 7) << 5) | (VARIABLE >> 6),
    ((VARIABLE & 0x3f) << 2) | (blocks - 1),
  ]);
  frame.set(unit, HEADER_BYTES);
  return frame;
}
