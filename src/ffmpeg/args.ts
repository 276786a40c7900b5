import fluent from 'fluent-ffmpeg';
import type { Samples } from '../units.ts';
import type { InputFormat } from './inputs.ts';
import { encodingOf, type OutputFormat } from './outputs.ts';

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
 * pipe of its own. A single cut is one that a listener waits for, so its frames leave one by one; those of several leave
 * in blocks, which costs less.
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
  const { options, muxer } = encodingOf(output);
  const flush = cuts.length === 1 ? '1' : '0';
  for (const index of cuts.keys()) {
    command
      .output(`pipe:${FIRST_OUTPUT + index}`)
      .outputOptions('-map', `[o${index}]`, ...options, ...UNTAGGED, '-flush_packets', flush)
      .format(muxer);
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

const UNTAGGED = ['-map_metadata', '-1', '-map_chapters', '-1'];

function graph(output: OutputFormat, cuts: readonly Cut[]): string {
  const branches = cuts.map((cut, index) => `[i${index}]${chain(output, cut)}[o${index}]`);
  if (cuts.length === 1) return branches.join('').replace('[i0]', '[0:a:0]');
  const inputs = cuts.map((_, index) => `[i${index}]`).join('');
  return [`[0:a:0]asplit=${cuts.length}${inputs}`, ...branches].join(';');
}

/** rematrix_maxval keeps a downmix from clipping; it changes nothing where channels are kept. */
function chain(output: OutputFormat, cut: Cut): string {
  const { sampleRate, channels } = output;
  const layout = channels === 1 ? 'mono' : 'stereo';
  return [
    `atrim=start_sample=${cut.from}:end_sample=${cut.to}`,
    'asetpts=N/SR/TB',
    `aresample=${sampleRate}:rematrix_maxval=1.0`,
    `aformat=sample_fmts=${encodingOf(output).sampleFormat}:sample_rates=${sampleRate}:channel_layouts=${layout}`,
    `atrim=start_sample=${cut.audioStart}:end_sample=${cut.audioEnd}`,
    'asetpts=N/SR/TB',
    'apad',
    `atrim=end_sample=${cut.encoded}`,
  ].join(',');
}
