import { BatonError } from '../errors.ts';
import { readAlacConfig } from '../media/alac.ts';
import { FLAC_HEAD_BYTES, readFlacInfo } from '../media/flac.ts';
import { flacHead } from '../media/flac-head.ts';
import type { AudioTrack } from '../media/matroska-head.ts';
import { preSkipOf, withoutPreSkip } from '../media/opus-pre-skip.ts';
import type { Hertz, Samples } from '../units.ts';
import { decodedChannels, settledConfig } from './aac-config.ts';
import type { Codec, PcmCodec } from './codec.ts';

/** How the packets of a track are decoded. */
export interface TrackCoding {
  readonly codec: Codec;
  readonly decoderConfig: Uint8Array | null;
  readonly sampleRate: Hertz;
  /** Of AAC: before its extensions double it. */
  readonly coreRate: Hertz;
  readonly channels: number;
  /** Decoded samples that are not to be heard, where the codec says so. */
  readonly preSkip: Samples;
}

const OPUS_RATE: Hertz = 48_000;
/** By codec id, then by the bits of a sample. */
const PCM: Readonly<Record<string, Readonly<Record<number, PcmCodec>>>> = {
  'A_PCM/INT/LIT': { 8: 'pcm_u8', 16: 'pcm_s16le', 24: 'pcm_s24le', 32: 'pcm_s32le' },
  'A_PCM/INT/BIG': { 8: 'pcm_u8', 16: 'pcm_s16be', 24: 'pcm_s24be', 32: 'pcm_s32be' },
  'A_PCM/FLOAT/IEEE': { 32: 'pcm_f32le', 64: 'pcm_f64le' },
};

/**
 * What a track says of its coding, and of AAC that leaves something open, what its first packets say. Throws
 * CODEC_UNSUPPORTED, SOURCE_DAMAGED, and as `firstPackets`.
 */
export async function matroskaCoding(
  track: AudioTrack,
  firstPackets: () => Promise<readonly Uint8Array[]>,
): Promise<TrackCoding> {
  const { codecId, codecPrivate, sampleRate, channels, bits } = track;
  if (track.isSealed) throw new BatonError('CODEC_UNSUPPORTED', `${codecId}, encrypted or compressed`);
  const plain = { decoderConfig: null, sampleRate, coreRate: sampleRate, channels, preSkip: 0 };
  const pcm = PCM[codecId]?.[bits];
  if (pcm !== undefined) return { ...plain, codec: pcm };
  if (codecId === 'A_MPEG/L3') return { ...plain, codec: 'mp3' };
  if (codecPrivate === null) throw new BatonError('CODEC_UNSUPPORTED', `${codecId}, ${bits} bits`);
  if (codecId === 'A_VORBIS') return { ...plain, codec: 'vorbis', decoderConfig: codecPrivate };
  if (codecId === 'A_OPUS') {
    const config = { decoderConfig: withoutPreSkip(codecPrivate), preSkip: preSkipOf(codecPrivate) };
    return { ...plain, codec: 'opus', sampleRate: OPUS_RATE, ...config };
  }
  if (codecId === 'A_AAC') {
    const { bytes, ...rates } = await settledConfig(codecPrivate, track.outputRate ?? sampleRate, firstPackets);
    return { ...plain, ...rates, codec: 'aac', channels: decodedChannels(rates, channels), decoderConfig: bytes };
  }
  if (codecId === 'A_ALAC') return { ...plain, codec: 'alac', ...alacCoding(codecPrivate) };
  if (codecId === 'A_FLAC') return { ...plain, codec: 'flac', ...flacCoding(codecPrivate) };
  throw new BatonError('CODEC_UNSUPPORTED', codecId);
}

function alacCoding(cookie: Uint8Array): Pick<TrackCoding, 'decoderConfig' | 'sampleRate' | 'channels'> {
  const config = readAlacConfig(cookie);
  if (config === null) throw new BatonError('SOURCE_DAMAGED', 'ALAC without its configuration');
  return { decoderConfig: cookie, sampleRate: config.sampleRate, channels: config.channels };
}

/** `fLaC` and metadata blocks, of which STREAMINFO is the first; comments may say what the channels are. */
function flacCoding(head: Uint8Array): Pick<TrackCoding, 'decoderConfig' | 'sampleRate'> {
  const infoBytes = head.subarray(8, FLAC_HEAD_BYTES);
  const info = readFlacInfo(infoBytes);
  if (info === null) throw new BatonError('SOURCE_DAMAGED', 'FLAC without STREAMINFO');
  const isComments = ((head[FLAC_HEAD_BYTES] ?? 0) & 0x7f) === 4;
  const comments = isComments ? head.subarray(FLAC_HEAD_BYTES + 4) : null;
  return { decoderConfig: flacHead(infoBytes, comments), sampleRate: info.sampleRate };
}
