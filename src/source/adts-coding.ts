import { type AacBlock, programChannels, readAacBlock } from '../media/aac-block.ts';
import { type AdtsHeader, audioSpecificConfig, BLOCK_SAMPLES, rawBlocks } from '../media/adts.ts';
import { BatonError } from '../errors.ts';
import type { Frames, Hertz, Samples } from '../units.ts';

/** What a decoder of ADTS frames has to know, and what it gives. */
export interface AdtsCoding {
  readonly decoderConfig: Uint8Array;
  /** Spectral band replication: HE-AAC. */
  readonly sbr: boolean;
  /** Of the decoder's output. */
  readonly sampleRate: Hertz;
  readonly channels: number;
  readonly frameSamples: Samples;
}

/** As the first frames of a stream tell. Throws CODEC_UNSUPPORTED for profiles other than LC, and channels nothing tells. */
export function adtsCoding(
  first: AdtsHeader,
  frames: readonly { readonly header: AdtsHeader; readonly bytes: Uint8Array }[],
): AdtsCoding {
  if (first.objectType !== LC) throw new BatonError('CODEC_UNSUPPORTED', `AAC object type ${first.objectType}`);
  const { sbr, program } = firstBlocks(frames);
  const coreChannels = first.channelConfig === 0 ? programChannels(program) : channelsOf(first);
  if (coreChannels === 0) throw new BatonError('CODEC_UNSUPPORTED', 'AAC without a channel configuration');
  return {
    decoderConfig: audioSpecificConfig(first, sbr, program),
    sbr,
    sampleRate: first.sampleRate * (sbr ? 2 : 1),
    // A decoder that meets SBR in mono makes ready for parametric stereo.
    channels: sbr && coreChannels === 1 ? 2 : coreChannels,
    frameSamples: BLOCK_SAMPLES * first.blocks * (sbr ? 2 : 1),
  };
}

const LC = 2;

/** ISO/IEC 14496-3 table 1.19. */
const channelsOf = ({ channelConfig }: AdtsHeader): number => (channelConfig === 7 ? 8 : channelConfig);

/** What the first blocks hold together: some streams begin with silence that needs no SBR. */
function firstBlocks(frames: readonly { readonly header: AdtsHeader; readonly bytes: Uint8Array }[]): AacBlock {
  const blocks = frames
    .slice(0, SEEN)
    .map(({ header, bytes }) => readAacBlock(rawBlocks(bytes), header.rateIndex))
    .filter((block) => block !== null);
  return {
    sbr: blocks.some(({ sbr }) => sbr),
    program: blocks.find(({ program }) => program !== null)?.program ?? null,
  };
}

/** More than a second. */
const SEEN: Frames = 32;
