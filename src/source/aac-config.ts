import type { Hertz } from '../units.ts';

/** An AudioSpecificConfig that leaves nothing to be found out while decoding. */
export interface AacConfig {
  readonly bytes: Uint8Array;
  /** Of the decoder's output. */
  readonly sampleRate: Hertz;
}

const LC = 2;
const RATES: readonly Hertz[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const HIGHEST_CORE_RATE: Hertz = 24_000;
/** The sync word 0x2b7 and object type 5: what follows says whether there is SBR (ISO/IEC 14496-3 1.6.2.1). */
const SBR_EXTENSION = [0x56, 0xe5];

/**
 * Settles whether a bare configuration of AAC-LC hides HE-AAC, which doubles the decoder's rate as soon as it meets the
 * first extension: it does when the track counts time at twice the core's rate, as it would at the output's. Then the
 * configuration says so, else it says that there is none. Others come back as they are.
 *
 * @param sampleRate what the configuration says
 * @param timescale of the track, in ticks a second
 */
export function settledConfig(config: Uint8Array, sampleRate: Hertz, timescale: number): AacConfig {
  const objectType = (config[0] ?? 0) >> 3;
  if (objectType !== LC || config.length !== 2 || sampleRate > HIGHEST_CORE_RATE) return { bytes: config, sampleRate };
  const isDoubled = timescale === 2 * sampleRate;
  const outputRate = isDoubled ? timescale : sampleRate;
  const flag = isDoubled ? 0x80 | (RATES.indexOf(outputRate) << 3) : 0;
  return { bytes: Uint8Array.of(...config, ...SBR_EXTENSION, flag), sampleRate: outputRate };
}
