import type { Hertz, Samples } from '../units.ts';

/** Packets that decode to a stretch of the presentation. */
export interface PacketRun {
  readonly codec: 'mp3' | 'aac';
  /** AudioSpecificConfig (ISO/IEC 14496-3 1.6); null for MP3. */
  readonly decoderConfig: Uint8Array | null;
  /** Of the decoder's output. */
  readonly sampleRate: Hertz;
  readonly channels: number;
  /** Decoded samples of this run that lie before the stretch. */
  readonly skip: Samples;
  /** Whole frames or access units. Ends early where the source does. */
  readonly packets: AsyncIterable<Uint8Array>;
}
