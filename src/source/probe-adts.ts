import { BatonError } from '../errors.ts';
import { type AacBlock, programChannels, readAacBlock } from '../media/aac-block.ts';
import { type AdtsHeader, adtsWalker, audioSpecificConfig, BLOCK_SAMPLES, rawBlocks } from '../media/adts.ts';
import { readId3v1, trailingTagBytes } from '../media/id3.ts';
import type { Bytes, Frames } from '../units.ts';
import { type AdtsOpening, findAdtsOpening } from './adts-start.ts';
import type { SourceMeter } from './reader.ts';
import type { Probed } from './record.ts';
import { type Sample, UNKNOWN_END } from './sample.ts';

/**
 * What a bare AAC stream is, from its first bytes and its last ones. Its frames are of any length and nothing counts
 * them, so `samples` is null unless the source was seen whole. A stream that changes its rate or channels is heard as
 * far as it is like its first frame.
 *
 * Throws SOURCE_DAMAGED or SOURCE_NOT_MEDIA when no frames are found, CODEC_UNSUPPORTED for profiles other than LC, and
 * what reading does.
 */
export async function probeAdts(sample: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Probed> {
  const { opening, tags } = await findAdtsOpening(sample, signal, meter);
  const { header } = opening[0];
  if (header.objectType !== LC) throw new BatonError('CODEC_UNSUPPORTED', `AAC object type ${header.objectType}`);
  const { sbr, program } = firstBlocks(opening);
  const coreChannels = header.channelConfig === 0 ? programChannels(program) : channelsOf(header);
  if (coreChannels === 0) throw new BatonError('CODEC_UNSUPPORTED', 'AAC without a channel configuration');
  const frameSamples = BLOCK_SAMPLES * header.blocks * (sbr ? 2 : 1);
  const { frames, audio } = await extentOf(sample, opening);
  return {
    codec: 'aac',
    decoderConfig: Buffer.from(audioSpecificConfig(header, sbr, program)).toString('base64'),
    sampleRate: header.sampleRate * (sbr ? 2 : 1),
    // A decoder that meets SBR in mono makes ready for parametric stereo.
    channels: sbr && coreChannels === 1 ? 2 : coreChannels,
    samples: frames === null ? null : frames * frameSamples,
    skip: 0,
    mp3: null,
    pcm: null,
    stream: null,
    adts: { header, sbr, audio, frameSamples },
    tags: tags.title === undefined ? { ...readId3v1((await sample.tail) ?? new Uint8Array()), ...tags } : tags,
  };
}

const LC = 2;

/** ISO/IEC 14496-3 table 1.19. */
const channelsOf = ({ channelConfig }: AdtsHeader): number => (channelConfig === 7 ? 8 : channelConfig);

/** What the first blocks hold together: some streams begin with silence that needs no SBR. */
function firstBlocks(opening: AdtsOpening): AacBlock {
  const blocks = opening
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

async function extentOf(
  { head, size, ...sample }: Sample,
  [first]: AdtsOpening,
): Promise<{ frames: Frames | null; audio: { start: Bytes; end: Bytes } }> {
  const start = first.offset;
  const tail = await sample.tail;
  const end = size === null ? UNKNOWN_END : size - (tail === null ? 0 : trailingTagBytes(tail));
  if (size !== head.length) return { frames: null, audio: { start, end: Math.max(start, end) } };
  const walker = adtsWalker(first.header);
  const frames = [...walker.push(head.subarray(start, end)), ...walker.end()];
  const last = frames.at(-1);
  return {
    frames: frames.length,
    audio: { start, end: last === undefined ? start : start + last.offset + last.bytes.length },
  };
}
