import fluent from 'fluent-ffmpeg';
import type { Hertz, Kbps, Samples } from '../units.ts';

/** What ffmpeg reads on stdin: one demuxer and one decoder, nothing else is open to the input. */
export interface InputFormat {
  readonly demuxer: 'mp3' | 'matroska' | 's16le';
  readonly decoders: string;
}

/** What Baton feeds to ffmpeg: MP3 frames as they are, AAC in Matroska, and samples where there is no source. */
export const INPUTS = {
  mp3: { demuxer: 'mp3', decoders: 'mp3float,mp3' },
  aac: { demuxer: 'matroska', decoders: 'aac' },
  silence: { demuxer: 's16le', decoders: 'pcm_s16le' },
} as const satisfies Record<string, InputFormat>;

/** The MP3 that ffmpeg writes. */
export interface OutputFormat {
  readonly sampleRate: Hertz;
  readonly channels: 1 | 2;
  readonly kbps: Kbps;
}

/** One stretch of the decoded input that becomes one output; all counts are samples. */
export interface Cut {
  /** Of the decoded input, half-open. */
  readonly from: Samples;
  readonly to: Samples;
  /** Of what comes out of the resampler, half-open; silence follows up to `encoded`. */
  readonly audioStart: Samples;
  readonly audioEnd: Samples;
  readonly encoded: Samples;
}

/** The first output is file descriptor 3, the next 4, and so on: stdout stays unused. */
export const FIRST_OUTPUT = 3;

/**
 * Decoder and resampler give other bits with other CPU features, so they are pinned per architecture. Flags are not
 * cumulative, hence the list.
 */
export const CPU_FLAGS: Readonly<Record<string, string>> = { x64: 'mmx+mmxext+sse+sse2+cmov', arm64: 'armv8+neon' };

/**
 * The arguments of one ffmpeg process that decodes stdin once and encodes every cut with an encoder of its own, to a
 * pipe of its own. MP3: constant bitrate, no bit reservoir, no Xing frame, so every frame stands alone. A single cut is
 * one that a listener waits for, so its frames leave one by one; those of several leave in blocks, which costs less.
 */
export function encodeArgs(
  input: InputFormat,
  output: OutputFormat,
  cuts: readonly Cut[],
  arch: string,
): readonly string[] {
  const command = fluent('pipe:0')
    .inputFormat(input.demuxer)
    .inputOptions(...quiet(arch), ...confined(input))
    .complexFilter(graph(output, cuts));
  const flush = cuts.length === 1 ? '1' : '0';
  for (const index of cuts.keys()) {
    command
      .output(`pipe:${FIRST_OUTPUT + index}`)
      .outputOptions('-map', `[o${index}]`, ...mp3(output.kbps), '-flush_packets', flush)
      .format('mp3');
  }
  return command._getArguments();
}

const quiet = (arch: string): string[] => {
  const flags = CPU_FLAGS[arch];
  return ['-hide_banner', '-nostdin', '-v', 'error', ...(flags === undefined ? [] : ['-cpuflags', flags])];
};

const confined = ({ demuxer, decoders }: InputFormat): string[] => [
  ...['-protocol_whitelist', 'pipe', '-format_whitelist', demuxer, '-codec_whitelist', decoders],
  ...['-max_pixels', '65536', '-threads', '1', '-probesize', '4096', '-analyzeduration', '0'],
  ...['-vn', '-sn', '-dn'],
];

const mp3 = (kbps: Kbps): string[] => [
  ...['-c:a', 'libmp3lame', '-b:a', `${kbps}k`, '-reservoir', '0', '-write_xing', '0', '-id3v2_version', '0'],
  ...['-map_metadata', '-1', '-map_chapters', '-1'],
];

function graph(output: OutputFormat, cuts: readonly Cut[]): string {
  const branches = cuts.map((cut, index) => `[i${index}]${chain(output, cut)}[o${index}]`);
  if (cuts.length === 1) return branches.join('').replace('[i0]', '[0:a:0]');
  const inputs = cuts.map((_, index) => `[i${index}]`).join('');
  return [`[0:a:0]asplit=${cuts.length}${inputs}`, ...branches].join(';');
}

/** rematrix_maxval keeps a downmix from clipping; it changes nothing where channels are kept. */
function chain({ sampleRate, channels }: OutputFormat, cut: Cut): string {
  const layout = channels === 1 ? 'mono' : 'stereo';
  return [
    `atrim=start_sample=${cut.from}:end_sample=${cut.to}`,
    'asetpts=N/SR/TB',
    `aresample=${sampleRate}:rematrix_maxval=1.0`,
    `aformat=sample_fmts=fltp:sample_rates=${sampleRate}:channel_layouts=${layout}`,
    `atrim=start_sample=${cut.audioStart}:end_sample=${cut.audioEnd}`,
    'asetpts=N/SR/TB',
    'apad',
    `atrim=end_sample=${cut.encoded}`,
  ].join(',');
}
