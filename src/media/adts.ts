import { BatonError } from '../errors.ts';
import type { Bytes, Hertz } from '../units.ts';

export interface AdtsConfig {
  /** MPEG-4 audio object type 1 to 4 of the core coder: 2 is AAC-LC, also under HE-AAC. */
  readonly objectType: 1 | 2 | 3 | 4;
  /** Of the core coder. */
  readonly sampleRate: Hertz;
  readonly channels: number;
}

const HEADER_BYTES: Bytes = 7;
const MAX_FRAME_BYTES: Bytes = 8191;
const SAMPLE_RATES: readonly Hertz[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
/** Channel configurations 1 to 7 (ISO/IEC 14496-3 table 1.19). */
const CHANNELS = [1, 2, 3, 4, 5, 6, 8];

/**
 * The header that makes one AAC access unit of `payloadBytes` an ADTS frame (ISO/IEC 14496-3 1.A.2.2), without CRC.
 *
 * @throws BatonError CODEC_UNSUPPORTED for a rate, a channel count or a size that ADTS cannot express
 */
export function adtsHeader(config: AdtsConfig, payloadBytes: Bytes): Uint8Array {
  const rate = SAMPLE_RATES.indexOf(config.sampleRate);
  const channels = CHANNELS.indexOf(config.channels) + 1;
  const size = HEADER_BYTES + payloadBytes;
  if (rate < 0 || channels === 0 || size > MAX_FRAME_BYTES) {
    throw new BatonError(
      'CODEC_UNSUPPORTED',
      `ADTS: ${config.sampleRate} Hz, ${config.channels} channels, ${size} bytes`,
    );
  }
  return Uint8Array.of(
    0xff,
    0xf1, // MPEG-4, no CRC
    ((config.objectType - 1) << 6) | (rate << 2) | (channels >> 2),
    ((channels & 3) << 6) | (size >> 11),
    (size >> 3) & 0xff,
    ((size & 7) << 5) | 0x1f, // buffer fullness 0x7ff: variable rate
    0xfc, // one raw data block
  );
}
