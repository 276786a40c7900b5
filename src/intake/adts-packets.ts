import { BatonError } from '../errors.ts';
import { type AacBlock, programChannels, readAacBlock } from '../media/aac-block.ts';
import { type AdtsHeader, audioSpecificConfig, BLOCK_SAMPLES, rawBlocks } from '../media/adts.ts';
import type { Frames, Hertz, Kbps } from '../units.ts';
import type { CodedUnit } from './coded-units.ts';
import type { IntakePart, LiveFormat, LivePacket } from './intake.ts';
import type { PacketMaker } from './live-demux.ts';
import { sameAdtsDecoder } from './stream-start.ts';

type Adts = CodedUnit & { kind: 'adts' };

/** What the frames of one decoder have in common. */
interface Stream {
  readonly header: AdtsHeader;
  /** Spectral band replication: HE-AAC. */
  readonly sbr: boolean;
  /** Where the header leaves the channels to the blocks. */
  readonly program: Uint8Array | null;
}

const LC = 2;
/** Of the core, where HE-AAC is likely. */
const HIGHEST_CORE_RATE: Hertz = 24_000;
/** A stream that has no SBR in so many frames has none: 0.7 s at 24 kHz. */
const SEEN: Frames = 16;

/**
 * Frames of ADTS as packets of raw blocks. HE-AAC is known by the SBR data in the blocks, since the headers do not tell it;
 * once seen, it counts until the headers change, for single frames may do without.
 *
 * Throws CODEC_UNSUPPORTED for profiles other than LC, and for channels that nothing tells.
 */
export function adtsPackets(kbps: Kbps | null): PacketMaker<Adts> {
  let stream: Stream | null = null;
  /** Of a stream of which it is not known yet what it is. */
  let held: Adts[] = [];
  let seen: AacBlock = NOTHING;

  function push(frame: Adts): IntakePart[] {
    const last = stream?.header ?? held[0]?.header;
    const before = last === undefined || sameAdtsDecoder(last, frame.header) ? [] : finish();
    if (stream === null) {
      held.push(frame);
      seen = together(seen, blockOf(frame));
      return isKnown(frame.header) ? [...before, ...begin()] : before;
    }
    const wasLc = !stream.sbr && frame.header.sampleRate <= HIGHEST_CORE_RATE;
    if (!wasLc || blockOf(frame)?.sbr !== true) return [packetsOf([frame], stream)];
    stream = { ...stream, sbr: true };
    return [formatOf(stream, kbps), packetsOf([frame], stream)];
  }

  function isKnown({ sampleRate, channelConfig }: AdtsHeader): boolean {
    const hasChannels = channelConfig !== 0 || seen.program !== null;
    return hasChannels && (seen.sbr || sampleRate > HIGHEST_CORE_RATE) ? true : held.length >= SEEN;
  }

  /** The frames that were held, now that it is clear what they are. */
  function begin(): IntakePart[] {
    const [first] = held;
    if (first === undefined) return [];
    const frames = held;
    held = [];
    stream = { header: first.header, ...seen };
    return [formatOf(stream, kbps), packetsOf(frames, stream)];
  }

  function finish(): IntakePart[] {
    const parts = begin();
    stream = null;
    seen = NOTHING;
    return parts;
  }

  return { push, end: finish };
}

const NOTHING: AacBlock = { sbr: false, program: null };

const blockOf = ({ header, bytes }: Adts): AacBlock | null => readAacBlock(rawBlocks(bytes), header.rateIndex);

const together = (one: AacBlock, other: AacBlock | null): AacBlock => ({
  sbr: one.sbr || other?.sbr === true,
  program: one.program ?? other?.program ?? null,
});

function formatOf({ header, sbr, program }: Stream, kbps: Kbps | null): IntakePart {
  const { objectType, channelConfig, sampleRate } = header;
  if (objectType !== LC) throw new BatonError('CODEC_UNSUPPORTED', `AAC object type ${objectType}`);
  // ISO/IEC 14496-3 table 1.19
  const coreChannels = channelConfig === 0 ? programChannels(program) : channelConfig === 7 ? 8 : channelConfig;
  if (coreChannels === 0) throw new BatonError('CODEC_UNSUPPORTED', 'AAC without a channel configuration');
  const format: LiveFormat = {
    codec: 'aac',
    decoderConfig: audioSpecificConfig(header, sbr, program),
    sampleRate: sampleRate * (sbr ? 2 : 1),
    // A decoder that meets SBR in mono makes ready for parametric stereo.
    channels: sbr && coreChannels === 1 ? 2 : coreChannels,
    preSkip: 0,
    kbps,
  };
  return { kind: 'format', format };
}

function packetsOf(frames: readonly Adts[], { sbr }: Stream): IntakePart {
  const packets = frames.map(({ header, bytes }): LivePacket => {
    return { bytes: rawBlocks(bytes), samples: BLOCK_SAMPLES * header.blocks * (sbr ? 2 : 1) };
  });
  return { kind: 'packets', packets };
}
