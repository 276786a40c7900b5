import type { Hertz, Kbps } from '../units.ts';

/** What ffmpeg writes. */
export interface OutputFormat {
  /** `float`: samples of 32 bits, for what is to be encoded later. */
  readonly codec: 'mp3' | 'opus' | 'aac' | 'pcm' | 'float';
  readonly sampleRate: Hertz;
  readonly channels: 1 | 2;
  /** Null for samples. */
  readonly kbps: Kbps | null;
}

/** How an output is asked for. */
export interface Encoding {
  /** What the encoder takes. */
  readonly sampleFormat: 'fltp' | 'flt' | 's16';
  readonly options: readonly string[];
  readonly muxer: 'mp3' | 'data' | 'adts' | 's16le' | 'f32le';
}

/**
 * The encoder of an output. MP3: constant bitrate, no bit reservoir, no Xing frame, so every frame stands alone. Opus:
 * packets of one size and nothing around them; `lowdelay` leaves the modes for speech out, which carry so much over from
 * packet to packet that chunks could be heard to begin. AAC: each access unit behind an ADTS header. PCM: the samples alone.
 */
export function encodingOf({ codec, kbps }: OutputFormat): Encoding {
  const rate = ['-b:a', `${kbps ?? 0}k`];
  switch (codec) {
    case 'mp3':
      return { sampleFormat: 'fltp', options: ['-c:a', 'libmp3lame', ...rate, ...BARE_MP3], muxer: 'mp3' };
    case 'opus':
      return { sampleFormat: 'flt', options: ['-c:a', 'libopus', ...rate, ...HARD_CBR], muxer: 'data' };
    case 'aac':
      return { sampleFormat: 'fltp', options: ['-c:a', 'aac', ...rate, '-aac_coder', 'fast'], muxer: 'adts' };
    case 'pcm':
      return { sampleFormat: 's16', options: ['-c:a', 'pcm_s16le'], muxer: 's16le' };
    case 'float':
      return { sampleFormat: 'flt', options: ['-c:a', 'pcm_f32le'], muxer: 'f32le' };
  }
}

const BARE_MP3 = ['-reservoir', '0', '-write_xing', '0', '-id3v2_version', '0'];
const HARD_CBR = ['-vbr', 'off', '-frame_duration', '20', '-application', 'lowdelay'];
