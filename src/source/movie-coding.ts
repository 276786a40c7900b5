import type { InputAudioTrack } from 'mediabunny';
import { BatonError } from '../errors.ts';
import { readAlacConfig } from '../media/alac.ts';
import { FLAC_HEAD_BYTES } from '../media/flac.ts';
import { flacHead } from '../media/flac-head.ts';
import { preSkipOf, withoutPreSkip } from '../media/opus-pre-skip.ts';
import type { Hertz, Samples } from '../units.ts';
import { decodedChannels, settledConfig } from './aac-config.ts';
import type { Codec, PcmCodec } from './codec.ts';
import { alacConfigIn } from './movie-alac.ts';
import type { Piece } from './movie-bytes.ts';

/** How the packets of a movie are decoded. */
export interface MovieCoding {
  readonly codec: Codec;
  /** See `PacketRun`. */
  readonly decoderConfig: Uint8Array | null;
  /** Of the decoder's output. */
  readonly sampleRate: Hertz;
  readonly channels: number;
  /** Decoded samples that are not to be heard where no edit list says so. */
  readonly preSkip: Samples;
}

/** mediabunny's names for samples as they are. */
const PCM: Readonly<Record<string, PcmCodec>> = {
  'pcm-u8': 'pcm_u8',
  'pcm-s8': 'pcm_s8',
  'pcm-s16': 'pcm_s16le',
  'pcm-s16be': 'pcm_s16be',
  'pcm-s24': 'pcm_s24le',
  'pcm-s24be': 'pcm_s24be',
  'pcm-s32': 'pcm_s32le',
  'pcm-s32be': 'pcm_s32be',
  'pcm-f32': 'pcm_f32le',
  'pcm-f32be': 'pcm_f32be',
  'pcm-f64': 'pcm_f64le',
  'pcm-f64be': 'pcm_f64be',
  alaw: 'pcm_alaw',
  ulaw: 'pcm_mulaw',
};

/**
 * What a track says of its coding, and of AAC that leaves something open, what its first packets say. Throws
 * CODEC_UNSUPPORTED, SOURCE_DAMAGED when what the decoder needs is missing, and as `firstPackets`.
 */
export async function movieCoding(
  track: InputAudioTrack,
  index: readonly Piece[],
  firstPackets: () => Promise<readonly Uint8Array[]>,
): Promise<MovieCoding> {
  const codec = await track.getCodec();
  const config = await track.getDecoderConfig();
  const sampleRate = await track.getSampleRate();
  const pcm = PCM[codec ?? ''];
  const channels = await track.getNumberOfChannels();
  const plain = { sampleRate, channels, decoderConfig: null, preSkip: 0 };
  if (pcm !== undefined) return { ...plain, codec: pcm };
  if (codec === 'mp3') return { ...plain, codec };
  if (codec === 'opus') {
    const head = asBytes(config?.description);
    return { ...plain, codec, decoderConfig: withoutPreSkip(head), preSkip: preSkipOf(head) };
  }
  if (codec === 'flac') {
    const info = asBytes(config?.description).subarray(8, FLAC_HEAD_BYTES);
    return { ...plain, codec, decoderConfig: flacHead(info, null) };
  }
  if (codec !== 'aac' || config === null) {
    const name = codec ?? String(await track.getInternalCodecId());
    if (name !== 'alac') throw new BatonError('CODEC_UNSUPPORTED', name);
    return { codec: name, preSkip: 0, ...alacCoding(alacConfigIn(index, track.id)) };
  }
  const { bytes, ...rates } = await settledConfig(
    asBytes(config.description),
    await track.getTimeResolution(),
    firstPackets,
  );
  const { sampleRate: outputRate } = rates;
  return { ...plain, codec, sampleRate: outputRate, channels: decodedChannels(rates, channels), decoderConfig: bytes };
}

/** What the index says of the rate is of 16 bits, where the configuration has 32. */
function alacCoding(cookie: Uint8Array | null): Pick<MovieCoding, 'decoderConfig' | 'sampleRate' | 'channels'> {
  const config = cookie && readAlacConfig(cookie);
  if (config === null) throw new BatonError('SOURCE_DAMAGED', 'ALAC without its configuration');
  return { decoderConfig: cookie, sampleRate: config.sampleRate, channels: config.channels };
}

function asBytes(description: AllowSharedBufferSource | undefined): Uint8Array {
  if (description === undefined) throw new BatonError('SOURCE_DAMAGED', 'a track without its configuration');
  return ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description);
}
