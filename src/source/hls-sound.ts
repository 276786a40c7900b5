import { BatonError } from '../errors.ts';
import { type AdtsHeader, BLOCK_SAMPLES, rawBlocks } from '../media/adts.ts';
import type { FragmentTrack } from '../media/fragment-init.ts';
import { type FragmentSample, isFragment, readFragments } from '../media/fragments.ts';
import { id3Size } from '../media/id3.ts';
import type { Mp3Header } from '../media/mp3.ts';
import { type TimedTag, tsDemuxer } from '../media/mpeg-ts.ts';
import { splitSegment, type TimedFrame } from '../media/segment-frames.ts';
import { readSegmentTimestamp } from '../media/segment-timestamp.ts';
import { isTransportStream } from '../media/ts-packets.ts';
import { SILENT_OPUS_SAMPLES, silentAac, silentMp3, silentOpus } from '../media/silent-packet.ts';
import { readVbri, readXing } from '../media/xing.ts';
import type { Hertz, Samples, Seconds } from '../units.ts';
import { decodedChannels, settledConfig } from './aac-config.ts';
import { adtsCoding } from './adts-coding.ts';
import { packetSamples } from './demux.ts';

/** How the sound of a segment is decoded. */
export interface HlsCoding {
  readonly codec: 'aac' | 'mp3' | 'opus' | 'flac';
  /** See `PacketRun`. */
  readonly decoderConfig: Uint8Array | null;
  /** Of the decoder's output. */
  readonly sampleRate: Hertz;
  readonly channels: number;
  /** Of most packets. */
  readonly frameSamples: Samples;
  /** A packet of `frameSamples` without any sound; null where there is none. */
  readonly silence: Uint8Array | null;
  /** What the headers of its frames have in common; a stream with the same goes on with the same decoder. */
  readonly core: string;
}

/** A packet, and what the time stamp says that is its own. */
export interface HlsPacket {
  readonly bytes: Uint8Array;
  readonly samples: Samples;
  /** Null where it just follows the one before. */
  readonly at: Seconds | null;
}

/** The sound of one segment. */
export interface HlsSound {
  readonly coding: HlsCoding;
  readonly packets: readonly HlsPacket[];
  /** The start of a frame that ends in the next segment. */
  readonly rest: Uint8Array;
  /** Timed metadata of a transport stream. */
  readonly tags: readonly TimedTag[];
}

/** What a segment is read with. */
export interface HlsContext {
  /** Of its initialization section; null where it has none. */
  readonly track: FragmentTrack | null;
  /** `rest` of the segment before it; empty where it does not follow one. */
  readonly carry: Uint8Array;
  /** A decoder that goes on where the frames look alike: single ones may do without what tells HE-AAC. */
  readonly known: HlsCoding | null;
}

/**
 * The sound in a segment, which is a transport stream, fragmented MP4 or bare frames (RFC 8216 3), told by its bytes.
 * @throws SOURCE_NO_AUDIO, SOURCE_DAMAGED, SOURCE_PROTECTED, CODEC_UNSUPPORTED
 */
export async function readSound(bytes: Uint8Array, context: HlsContext): Promise<HlsSound> {
  if (bytes.length === 0) throw new BatonError('SOURCE_DAMAGED', 'an empty segment');
  if (context.track !== null || isFragment(bytes)) return await fromFragments(bytes, context);
  return isTransportStream(bytes) ? fromTransport(bytes, context) : fromFrames(bytes, context);
}

const NOTHING = new Uint8Array();

function fromTransport(segment: Uint8Array, context: HlsContext): HlsSound {
  const demuxer = tsDemuxer();
  demuxer.push(segment);
  const { coding, bytes, marks, tags } = demuxer.end();
  if (coding === null) throw new BatonError('SOURCE_NO_AUDIO', 'a transport stream without sound');
  if (coding.kind === 'protected') throw new BatonError('SOURCE_PROTECTED', coding.name);
  if (coding.kind === 'unsupported') throw new BatonError('CODEC_UNSUPPORTED', coding.name);
  return { ...soundOf(splitSegment(bytes, marks, context.carry), context), tags };
}

/** Frames behind tags, the first of which holds the time. */
function fromFrames(segment: Uint8Array, context: HlsContext): HlsSound {
  const at = readSegmentTimestamp(segment);
  let start = 0;
  for (let size = id3Size(segment); size !== null; size = id3Size(segment.subarray(start))) start += size;
  const frames = segment.subarray(start);
  if (isAc3(frames)) throw new BatonError('CODEC_UNSUPPORTED', 'AC-3');
  return soundOf(splitSegment(frames, at === null ? [] : [{ offset: 0, at, decodedAt: at }], context.carry), context);
}

/** Of AC-3 and E-AC-3 (ETSI TS 102 366 4.3). */
const isAc3 = ([first, second]: Uint8Array): boolean => first === 0x0b && second === 0x77;

function soundOf(split: ReturnType<typeof splitSegment>, { known }: HlsContext): HlsSound {
  if (split === null) throw new BatonError('SOURCE_DAMAGED', 'a segment without frames');
  return split.kind === 'adts' ? adtsSound(split, known) : mp3Sound(split, known);
}

interface Frames<H> {
  readonly frames: readonly TimedFrame<H>[];
  readonly rest: Uint8Array;
}

function adtsSound({ frames, rest }: Frames<AdtsHeader>, known: HlsCoding | null): HlsSound {
  const [first] = frames;
  if (first === undefined) throw new BatonError('SOURCE_DAMAGED', 'a segment without frames');
  const { objectType, rateIndex, channelConfig } = first.header;
  const core = `adts ${objectType} ${rateIndex} ${channelConfig}`;
  const coding = core === known?.core ? known : { ...adtsFormat(first.header, frames), core };
  const perBlock = BLOCK_SAMPLES * (coding.sampleRate === first.header.sampleRate ? 1 : 2);
  const packets = frames.map(({ header, bytes, at }) => {
    return { bytes: rawBlocks(bytes).slice(), samples: perBlock * header.blocks, at };
  });
  return { coding, packets, rest, tags: [] };
}

function adtsFormat(first: AdtsHeader, frames: readonly TimedFrame<AdtsHeader>[]): Omit<HlsCoding, 'core'> {
  const { decoderConfig, sampleRate, channels, sbr } = adtsCoding(first, frames);
  const silence = silentAac(decoderConfig);
  return { codec: 'aac', decoderConfig, sampleRate, channels, frameSamples: BLOCK_SAMPLES * (sbr ? 2 : 1), silence };
}

/** Frames that only state a length hold no sound. */
function mp3Sound({ frames, rest }: Frames<Mp3Header>, known: HlsCoding | null): HlsSound {
  const sounding = frames.filter(({ bytes }) => readXing(bytes) === null && readVbri(bytes) === null);
  const [first] = sounding;
  if (first === undefined) throw new BatonError('SOURCE_DAMAGED', 'a segment without frames');
  const { sampleRate, channels, frameSamples } = first.header;
  const packets = sounding.map(({ bytes, at }) => ({ bytes: bytes.slice(), samples: frameSamples, at }));
  const core = `mp3 ${sampleRate}`;
  if (core === known?.core) return { coding: known, packets, rest, tags: [] };
  const plain = { codec: 'mp3', decoderConfig: null, sampleRate, channels, frameSamples, core } as const;
  return { coding: { ...plain, silence: silentMp3(first.bytes) }, packets, rest, tags: [] };
}

async function fromFragments(segment: Uint8Array, { track, known }: HlsContext): Promise<HlsSound> {
  if (track === null) throw new BatonError('SOURCE_DAMAGED', 'fragmented MP4 without an initialization section');
  const samples = readFragments(segment, track);
  if (samples.length === 0) throw new BatonError('SOURCE_DAMAGED', 'a segment without samples of its track');
  const core = coreOf(track);
  const coding = core === known?.core ? known : { ...(await fragmentCoding(track, samples)), core };
  const durationOf = packetSamples(asCoded(coding), coding.frameSamples);
  const packets = samples.map(({ bytes, at }) => ({ bytes, at, samples: durationOf(bytes, null) }));
  return { coding, packets: packets.filter((packet) => packet.samples > 0), rest: NOTHING, tags: [] };
}

function coreOf({ coding }: FragmentTrack): string {
  if (coding.kind !== 'sound') return coding.name;
  const { codec, sampleRate, channels, config } = coding;
  return `mp4 ${codec} ${sampleRate} ${channels} ${Buffer.from(config ?? NOTHING).toString('hex')}`;
}

const asCoded = ({
  decoderConfig,
  ...coding
}: Pick<HlsCoding, 'codec' | 'decoderConfig' | 'sampleRate' | 'channels'>) => ({
  ...coding,
  decoderConfig: decoderConfig && Buffer.from(decoderConfig).toString('base64'),
});

async function fragmentCoding(
  { coding, timescale }: FragmentTrack,
  samples: readonly FragmentSample[],
): Promise<Omit<HlsCoding, 'core'>> {
  if (coding.kind !== 'sound')
    throw new BatonError(coding.kind === 'protected' ? 'SOURCE_PROTECTED' : 'CODEC_UNSUPPORTED', coding.name);
  const { codec, config, sampleRate, channels } = coding;
  const firsts = samples.slice(0, SEEN).map(({ bytes }) => bytes);
  if (codec === 'aac' && config !== null) {
    const settled = await settledConfig(config, timescale, () => Promise.resolve(firsts));
    return {
      ...{ codec, decoderConfig: settled.bytes, sampleRate: settled.sampleRate },
      channels: decodedChannels(settled, channels),
      silence: silentAac(settled.bytes),
      frameSamples: BLOCK_SAMPLES * Math.max(1, Math.round(settled.sampleRate / settled.coreRate)),
    };
  }
  const plain = { codec, decoderConfig: config, sampleRate, channels };
  const [first = NOTHING] = firsts;
  const frameSamples = packetSamples(asCoded(plain), 0)(first, null);
  return {
    ...plain,
    frameSamples: frameSamples === 0 ? 1 : frameSamples,
    silence: silenceLike(plain, first, frameSamples),
  };
}

/** More than a second. */
const SEEN = 32;

function silenceLike(
  { codec, channels }: Pick<HlsCoding, 'codec' | 'channels'>,
  packet: Uint8Array,
  frameSamples: Samples,
): Uint8Array | null {
  if (codec === 'mp3') return silentMp3(packet);
  return codec === 'opus' && frameSamples === SILENT_OPUS_SAMPLES ? silentOpus(channels) : null;
}
