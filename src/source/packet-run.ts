import type { Hertz, Samples } from '../units.ts';
import type { Codec } from './codec.ts';

/** Packets that decode to a stretch of the presentation. */
export interface PacketRun {
  readonly codec: Codec;
  /**
   * AudioSpecificConfig (ISO/IEC 14496-3 1.6), OpusHead (RFC 7845 5.1), the three headers of Vorbis laced as in Matroska,
   * the metadata blocks of FLAC from `fLaC` on, ALACSpecificConfig; null for MP3 and PCM.
   */
  readonly decoderConfig: Uint8Array | null;
  /** Of the decoder's output. */
  readonly sampleRate: Hertz;
  readonly channels: number;
  /** Of PCM: see `PcmFacts`. */
  readonly channelMask?: number | null;
  /** Decoded samples of this run that lie before the stretch. */
  readonly skip: Samples;
  /** Whole frames or access units. Ends early where the source does. */
  readonly packets: AsyncIterable<Uint8Array>;
}
