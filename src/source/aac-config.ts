import { BatonError } from '../errors.ts';
import { readAacBlock } from '../media/aac-block.ts';
import { AAC_RATES } from '../media/adts.ts';
import { bitReader } from '../media/bits.ts';
import type { Frames, Hertz } from '../units.ts';

/** An AudioSpecificConfig that leaves nothing to be found out while decoding. */
export interface AacConfig {
  readonly bytes: Uint8Array;
  /** Of the decoder's output. */
  readonly sampleRate: Hertz;
  /** Before spectral band replication doubles it. */
  readonly coreRate: Hertz;
}

const OBJECT = { lc: 2, sbr: 5, ps: 29, usac: 42 } as const;
const HIGHEST_CORE_RATE: Hertz = 24_000;
/** The sync word 0x2b7 and object type 5: what follows says whether there is SBR (ISO/IEC 14496-3 1.6.2.1). */
const SBR_EXTENSION = [0x56, 0xe5];

/**
 * Settles whether a bare configuration of AAC-LC hides HE-AAC, which doubles the decoder's rate as soon as it meets the
 * first extension: it does when the track counts time at twice the core's rate, as it would at the output's, or when its
 * first packets hold extensions. Then the configuration says so, else it says that there is none. Others come back as
 * they are. Throws CODEC_UNSUPPORTED for xHE-AAC.
 *
 * @param trackRate what the track says or counts in
 * @param firstPackets asked for where nothing else tells
 */
export async function settledConfig(
  config: Uint8Array,
  trackRate: Hertz,
  firstPackets: () => Promise<readonly Uint8Array[]>,
): Promise<AacConfig> {
  const { objectType, rateIndex, coreRate, outputRate } = readConfig(config);
  if (objectType === OBJECT.usac) throw new BatonError('CODEC_UNSUPPORTED', 'xHE-AAC');
  const isOpen = objectType === OBJECT.lc && config.length === 2 && coreRate <= HIGHEST_CORE_RATE;
  if (!isOpen) return { bytes: config, sampleRate: outputRate, coreRate };
  const isDoubled =
    trackRate === 2 * coreRate ||
    (await firstPackets()).some((packet) => readAacBlock(packet, rateIndex)?.sbr === true);
  const sampleRate = isDoubled ? 2 * coreRate : coreRate;
  const flag = isDoubled ? 0x80 | (AAC_RATES.indexOf(sampleRate) << 3) : 0;
  return { bytes: Uint8Array.of(...config, ...SBR_EXTENSION, flag), sampleRate, coreRate };
}

/** What the decoder gives: one that meets SBR in mono makes ready for parametric stereo. */
export const decodedChannels = ({ sampleRate, coreRate }: Omit<AacConfig, 'bytes'>, channels: number): number =>
  channels === 1 && sampleRate !== coreRate ? 2 : channels;

/**
 * How many frames decoding begins before the wanted ones. AAC looks back one frame; of what SBR needs to begin with,
 * encoders repeat the head every half second only: 24 frames even at 48 kHz of core rate.
 */
export const aacLeadIn = (hasSbr: boolean): Frames => (hasSbr ? 32 : 3);

/** Whether a settled configuration says so. */
export function statesSbr(config: Uint8Array): boolean {
  const { coreRate, outputRate } = readConfig(config);
  return outputRate !== coreRate;
}

interface Stated extends Omit<AacConfig, 'bytes' | 'sampleRate'> {
  readonly objectType: number;
  readonly rateIndex: number;
  /** As far as the configuration says. */
  readonly outputRate: Hertz;
}

/** ISO/IEC 14496-3 1.6.2.1. Throws CODEC_UNSUPPORTED where it makes no sense. */
function readConfig(config: Uint8Array): Stated {
  const bits = bitReader(config);
  const short = bits(5);
  const objectType = short === 31 ? 32 + bits(6) : short;
  const rateIndex = bits(4);
  const coreRate = rateOf(rateIndex, bits);
  bits(4); // channels
  if (objectType === OBJECT.sbr || objectType === OBJECT.ps)
    return { objectType, rateIndex, coreRate, outputRate: rateOf(bits(4), bits) };
  const extension = Buffer.from(config).indexOf(Buffer.from(SBR_EXTENSION), 2);
  const hasSbr = extension >= 0 && (config[extension + 2] ?? 0) >= 0x80;
  return { objectType, rateIndex, coreRate, outputRate: hasSbr ? 2 * coreRate : coreRate };
}

const ESCAPE = 15;

function rateOf(index: number, bits: (length: number) => number): Hertz {
  const rate = index === ESCAPE ? bits(24) : AAC_RATES[index];
  if (rate === undefined || rate === 0) throw new BatonError('CODEC_UNSUPPORTED', `AAC with rate index ${index}`);
  return rate;
}
