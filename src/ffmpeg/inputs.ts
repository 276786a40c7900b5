/** What ffmpeg reads on stdin: one demuxer and one decoder, nothing else is open to the input. */
export interface InputFormat {
  readonly demuxer: 'mp3' | 'matroska' | 'wav' | 's16le';
  readonly decoders: string;
}

/**
 * What Baton feeds to ffmpeg: MP3 frames as they are, other packets in Matroska, samples behind the head of a WAV, which
 * says what speakers they are for, and silence where there is no source.
 */
export const INPUTS = {
  mp3: { demuxer: 'mp3', decoders: 'mp3float,mp3' },
  aac: { demuxer: 'matroska', decoders: 'aac' },
  opus: { demuxer: 'matroska', decoders: 'opus' },
  vorbis: { demuxer: 'matroska', decoders: 'vorbis' },
  flac: { demuxer: 'matroska', decoders: 'flac' },
  alac: { demuxer: 'matroska', decoders: 'alac' },
  pcm: { demuxer: 'wav', decoders: 'pcm_u8,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw' },
  silence: { demuxer: 's16le', decoders: 'pcm_s16le' },
} as const satisfies Record<string, InputFormat>;
