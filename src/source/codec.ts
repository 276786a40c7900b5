import type { Bytes } from '../units.ts';

/** Samples as they are, by ffmpeg's names. */
export type PcmCodec =
  | 'pcm_u8'
  | 'pcm_s8'
  | 'pcm_s16le'
  | 'pcm_s16be'
  | 'pcm_s24le'
  | 'pcm_s24be'
  | 'pcm_s32le'
  | 'pcm_s32be'
  | 'pcm_f32le'
  | 'pcm_f32be'
  | 'pcm_f64le'
  | 'pcm_f64be'
  | 'pcm_alaw'
  | 'pcm_mulaw';

/** What the audio of a source is coded in. */
export type Codec = 'mp3' | 'aac' | 'opus' | 'vorbis' | 'flac' | 'alac' | PcmCodec;

export const isPcm = (codec: Codec): codec is PcmCodec => codec.startsWith('pcm_');

/** Bytes of one sample of one channel. */
export const pcmBytes = (codec: PcmCodec): Bytes => Number(/\d+/.exec(codec)?.[0] ?? 8) / 8;
