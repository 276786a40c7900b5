import type { Bytes, Hertz, Samples } from '../units.ts';
import { bitReader } from './bits.ts';

/** What an ALACSpecificConfig says, which decoders call the magic cookie. */
export interface AlacConfig {
  /** Of every packet but the last. */
  readonly frameSamples: Samples;
  readonly channels: number;
  readonly sampleRate: Hertz;
}

export const ALAC_CONFIG_BYTES: Bytes = 24;

/** What a configuration says, or null when it says nothing possible. */
export function readAlacConfig(config: Uint8Array): AlacConfig | null {
  if (config.length < ALAC_CONFIG_BYTES) return null;
  const view = new DataView(config.buffer, config.byteOffset, config.length);
  const [frameSamples, channels, sampleRate] = [view.getUint32(0), view.getUint8(9), view.getUint32(20)];
  return frameSamples === 0 || channels === 0 || sampleRate === 0 ? null : { frameSamples, channels, sampleRate };
}

/** How many samples a packet has: what a short one says behind its tag of 3 bits, else as many as all. */
export function alacPacketSamples(packet: Uint8Array, { frameSamples }: AlacConfig): Samples {
  const bits = bitReader(packet);
  for (const fields of [3, 4, 12]) bits(fields); // tag, instance, unused
  if (bits(1) === 0) return frameSamples;
  bits(3); // what is shifted, and whether it is compressed
  return Math.min(frameSamples, bits(16) * 2 ** 16 + bits(16));
}
