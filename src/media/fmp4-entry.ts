import { BatonError } from '../errors.ts';
import type { Hertz, Kbps, Samples } from '../units.ts';
import { box, fullBox, u16, u32, zeros, type Part } from './fmp4-box.ts';

/** What a decoder has to be told of an audio track whose time is counted at 48 kHz. */
export interface AudioFormat {
  readonly codec: 'aac' | 'opus';
  readonly channels: number;
  /** AudioSpecificConfig, and the rate of the decoder's output, of AAC that is not LC at 48 kHz. */
  readonly config?: { readonly bytes: Uint8Array; readonly sampleRate: Hertz };
  /** Samples that the decoder gives before the first one that is heard. */
  readonly priming: Samples;
  readonly kbps: Kbps;
}

/** The only rate of the grids that are muxed here. */
export const SAMPLE_RATE = 48_000;

const SAMPLE_BITS = 16;

/** The sample entry of a track, `mp4a` or `Opus` (ISO/IEC 14496-12 section 12.2.3). */
export function sampleEntry(format: AudioFormat): Uint8Array {
  const audio: readonly Part[] = [
    zeros(6),
    u16(1), // data_reference_index
    zeros(8),
    u16(format.channels),
    u16(SAMPLE_BITS),
    zeros(4),
    u32((format.config?.sampleRate ?? SAMPLE_RATE) * 2 ** 16), // 16.16
  ];
  return format.codec === 'aac' ? box('mp4a', ...audio, esds(format)) : box('Opus', ...audio, dOps(format));
}

/** AudioSpecificConfig of AAC-LC with frames of 1024 samples (ISO/IEC 14496-3 section 1.6.2.1). */
export function audioSpecificConfig(channels: number): Uint8Array {
  const [objectType, rateIndex] = [2, 3]; // AAC LC, 48 kHz
  return Uint8Array.of((objectType << 3) | (rateIndex >> 1), ((rateIndex & 1) << 7) | (channels << 3));
}

/** The elementary stream descriptor in its box (ISO/IEC 14496-14 section 5.6, 14496-1 section 7.2.6). */
function esds({ channels, kbps, config }: AudioFormat): Uint8Array {
  const decoder = descriptor(
    0x04, // DecoderConfigDescriptor
    [0x40], // Audio ISO/IEC 14496-3
    [(0x05 << 2) | 1], // AudioStream; the lowest bit is reserved
    zeros(3), // bufferSizeDB
    u32(kbps * 1000), // maxBitrate
    u32(kbps * 1000), // avgBitrate
    descriptor(0x05, config?.bytes ?? audioSpecificConfig(channels)), // DecoderSpecificInfo
  );
  const sync = descriptor(0x06, [0x02]); // SLConfigDescriptor, predefined for MP4
  return fullBox('esds', 0, 0, descriptor(0x03, u16(0), [0], decoder, sync)); // ES_ID is 0 in files
}

/** A descriptor; none of those here reaches the 128 bytes from which on its size takes more than one. */
function descriptor(tag: number, ...parts: readonly Part[]): Part {
  const content = parts.flatMap((part) => [...part]);
  if (content.length > 127) throw new BatonError('INTERNAL', `descriptor of ${content.length} bytes`);
  return [tag, content.length, ...content];
}

/**
 * What RFC 7845 section 5.1 has in OpusHead, in big-endian (Encapsulation of Opus in ISO Base Media File Format, section
 * 4.3.2). The edit list takes the priming off; this only states it.
 */
function dOps({ channels, priming }: AudioFormat): Uint8Array {
  const version = 0;
  const gain = u16(0);
  const mappingFamily = 0;
  return box('dOps', [version, channels], u16(priming), u32(SAMPLE_RATE), gain, [mappingFamily]);
}
