import { encode, lengthOf, type Extras } from './fixture-encode.ts';
import type { Made } from './fixture-cache.ts';

/** LAME's delay of 576 and the 529 samples of every layer III decoder. */
const MP3_LEAD = 1105;
const AAC_LEAD = 1024;

/** Ogg, FLAC, WAV, Matroska, and what else QuickTime holds. */
export const CONTAINER_RECIPES = {
  'sound.opus': (s: number) => exact(s, 48000, 2, 'opus', ['-c:a', 'libopus', '-b:a', '96k']),
  'mono-60ms.opus': (s: number) =>
    exact(s, 48000, 1, 'opus', ['-c:a', 'libopus', '-b:a', '48k', '-frame_duration', '60']),
  'vorbis.ogg': (s: number) => exact(s, 44100, 2, 'ogg', ['-c:a', 'libvorbis', '-q:a', '5']),
  'flac.ogg': (s: number) => exact(s, 44100, 2, 'ogg', ['-c:a', 'flac']),
  'tagged.flac': (s: number) => exact(s, 44100, 2, 'flac', ['-c:a', 'flac'], { artwork: 'small' }),
  '24-bit-96k.flac': (s: number) => exact(s, 96000, 1, 'flac', ['-c:a', 'flac', '-sample_fmt', 's32']),
  '8-bit-8k.wav': (s: number) => exact(s, 8000, 1, 'wav', ['-c:a', 'pcm_u8']),
  '24-bit.wav': (s: number) => exact(s, 48000, 2, 'wav', ['-c:a', 'pcm_s24le']),
  'float-192k.wav': (s: number) => exact(s, 192000, 2, 'wav', ['-c:a', 'pcm_f32le']),
  'big-endian.mov': (s: number) => exact(s, 44100, 2, 'mov', ['-c:a', 'pcm_s16be']),
  'opus.webm': (s: number) => exact(s, 48000, 2, 'webm', ['-c:a', 'libopus', '-b:a', '96k']),
  'flac.mkv': (s: number) => exact(s, 44100, 2, 'mkv', ['-c:a', 'flac']),
  'pcm.mkv': (s: number) => exact(s, 44100, 2, 'mkv', ['-c:a', 'pcm_s16le']),

  // Nothing says here how much of the last packet counts, nor that the first one is priming.
  'vorbis-video.webm': (s: number) =>
    inMatroska(s, 'webm', ['-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libvorbis'], 0, { video: true }),
  'aac.mkv': (s: number) => inMatroska(s, 'mkv', ['-c:a', 'aac', '-b:a', '96k'], AAC_LEAD),
  'mp3.mkv': (s: number) => inMatroska(s, 'mkv', ['-c:a', 'libmp3lame', '-b:a', '128k'], MP3_LEAD),
} satisfies Record<string, (seconds: number) => Promise<Made>>;

async function exact(
  seconds: number,
  sampleRate: number,
  channels: 1 | 2,
  extension: string,
  args: readonly string[],
  extras?: Extras,
): Promise<Made> {
  const bytes = await encode(seconds, sampleRate, channels, extension, args, extras);
  return { bytes, sampleRate, channels, lead: 0, expectedSamples: lengthOf(seconds, sampleRate) };
}

async function inMatroska(
  seconds: number,
  extension: string,
  args: readonly string[],
  lead: number,
  extras?: Extras,
): Promise<Made> {
  const bytes = await encode(seconds, 44100, 2, extension, args, extras);
  return { bytes, sampleRate: 44100, channels: 2, lead };
}
