import type { Bytes, Frames, Hertz, Kbps, Samples } from '../units.ts';

/** What is encoded on the grid. */
export const GRID_CODECS = ['mp3', 'opus', 'aac', 'pcm'] as const;
export type GridCodec = (typeof GRID_CODECS)[number];

/** The grid of one codec at one bitrate: equal frames, cut into chunks of equal length. */
export interface CodecGrid {
  readonly codec: GridCodec;
  /** Null for PCM. */
  readonly kbps: Kbps | null;
  readonly sampleRate: Hertz;
  readonly frameSamples: Samples;
  /** Null where frames differ in size. */
  readonly frameBytes: Bytes | null;
  /** Length of a chunk; the last one may be shorter. */
  readonly chunkFrames: Frames;
  /** Frames that a fresh encoder makes before a chunk, and behind it, to be dropped. */
  readonly preroll: Frames;
  readonly tail: Frames;
  /** Samples that a decoder drops in front. */
  readonly priming: Samples;
}

/** Every constant bitrate of the MP3 grid: MPEG-2 at 24 kHz below 64 kbit/s, MPEG-1 at 48 kHz from there on. */
export const MP3_KBPS = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320] as const;
/** In each of these a packet of 20 ms has a whole number of bytes. */
export const OPUS_KBPS = [16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256] as const;
/** On average: frames of AAC differ in size. */
export const AAC_KBPS = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256] as const;

const MP3_LOW_RATE_BELOW: Kbps = 64;
const PCM_SAMPLE_BYTES: Bytes = 2;

/** MP3: libmp3lame's delay (576) and an MP3 decoder's (529) are what a decoder drops in front. */
export function mp3Grid(kbps: Kbps): CodecGrid {
  const isLow = kbps < MP3_LOW_RATE_BELOW;
  return {
    codec: 'mp3',
    kbps,
    sampleRate: isLow ? 24_000 : 48_000,
    frameSamples: isLow ? 576 : 1152,
    frameBytes: 3 * kbps,
    chunkFrames: 100,
    preroll: 5,
    tail: 2,
    priming: 1105,
  };
}

/** Opus in packets of 20 ms; the priming is libopus's look-ahead, `pre-skip` in RFC 7845. */
export const opusGrid = (kbps: Kbps): CodecGrid => ({
  codec: 'opus',
  kbps,
  sampleRate: 48_000,
  frameSamples: 960,
  frameBytes: 2.5 * kbps,
  chunkFrames: 120,
  preroll: 16,
  tail: 4,
  priming: 120,
});

/** AAC-LC: the first access unit is priming, unit n + 1 presents samples [n x 1024, (n + 1) x 1024). */
export const aacGrid = (kbps: Kbps): CodecGrid => ({
  codec: 'aac',
  kbps,
  sampleRate: 48_000,
  frameSamples: 1024,
  frameBytes: null,
  chunkFrames: 225,
  preroll: 15,
  tail: 4,
  priming: 1024,
});

/** PCM, 16 bits: a frame is a sample of every channel. */
export const pcmGrid = (channels: 1 | 2): CodecGrid => ({
  codec: 'pcm',
  kbps: null,
  sampleRate: 48_000,
  frameSamples: 1,
  frameBytes: PCM_SAMPLE_BYTES * channels,
  chunkFrames: 115_200,
  preroll: 0,
  tail: 0,
  priming: 0,
});
