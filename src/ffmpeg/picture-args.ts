import fluent from 'fluent-ffmpeg';
import type { Frames, Kbps } from '../units.ts';
import { CPU_FLAGS, FIRST_OUTPUT } from './args.ts';

/** What pictures come in: one decoder each. */
export const PICTURE_DECODERS = {
  h264: 'h264',
  hevc: 'hevc',
  vp8: 'vp8',
  vp9: 'vp9',
  av1: 'libdav1d,libaom-av1,av1',
  mpeg4: 'mpeg4',
} as const satisfies Record<string, string>;

export type PictureCodec = keyof typeof PICTURE_DECODERS;

/** H.264 of a constant rate. */
export interface PictureFormat {
  readonly width: number;
  readonly height: number;
  readonly rate: { readonly num: number; readonly den: number };
  readonly maxKbps: Kbps;
  /** Times ten. */
  readonly level: number;
  /** Code points of ITU-T H.273. */
  readonly colour: { readonly primaries: number; readonly transfer: number; readonly matrix: number };
}

/**
 * Time on the input counts in sixteenths of an output frame, one for each millisecond of Matroska's clock, and a frame
 * is shown from the next whole one on: so what is shown when is decided by whoever writes the timestamps.
 */
export const SUBTICKS = 16;
const INPUT_RATE = '125/2';
/** The frame that an encode begins with has this number: before it there is room for what is only decoded. */
export const FIRST_FRAME: Frames = 65_536;

/** Of what is fed, and what is made: decoded pixels of the input, and threads, which decide the bits. */
export const MAX_PIXELS = 3840 * 2160 + 65_536;
const DECODER_THREADS = 2;
const ENCODER_THREADS = 2;
const KEY_SECONDS = 2;

/** The arguments that make `frames` frames of H.264 with start codes of the one track of Matroska on stdin. */
export function pictureArgs(
  codec: PictureCodec,
  turn: 0 | 90 | 180 | 270,
  frames: Frames,
  format: PictureFormat,
  arch: string,
): readonly string[] {
  const command = fluent('pipe:0')
    .inputFormat('matroska')
    .inputOptions(...quiet(arch), ...confined('matroska', PICTURE_DECODERS[codec]), '-noautorotate', '-copyts')
    .output(`pipe:${FIRST_OUTPUT}`)
    .outputOptions('-map', '0:v:0', '-vf', graph(turn, frames, format), ...encoding(format))
    .format('h264');
  return command._getArguments();
}

/** The arguments that make one grey frame, whose parameter sets are those of every encode of `format`. */
export function sampleArgs(format: PictureFormat, arch: string): readonly string[] {
  const { width, height } = format;
  const raw = ['-pix_fmt', 'yuv420p', '-video_size', `${width}x${height}`];
  const command = fluent('pipe:0')
    .inputFormat('rawvideo')
    .inputOptions(...quiet(arch), ...confined('rawvideo', 'rawvideo'), ...raw)
    .output(`pipe:${FIRST_OUTPUT}`)
    .outputOptions('-map', '0:v:0', '-vf', retimed(format), ...encoding(format), '-frames:v', '1')
    .format('h264');
  return command._getArguments();
}

const quiet = (arch: string): string[] => {
  const flags = CPU_FLAGS[arch];
  return ['-hide_banner', '-nostdin', '-v', 'error', ...(flags === undefined ? [] : ['-cpuflags', flags])];
};

/** Strict: a decoder that may not be told how far pictures are reordered takes the most that the level allows. */
const confined = (demuxer: string, decoders: string): string[] => [
  ...['-protocol_whitelist', 'pipe', '-format_whitelist', demuxer, '-codec_whitelist', decoders],
  ...['-max_pixels', String(MAX_PIXELS), '-threads', String(DECODER_THREADS), '-strict', '1'],
  ...['-probesize', '4096', '-analyzeduration', '0', '-an', '-sn', '-dn'],
];

/** The last frame stands until the end, whatever the source lacks. */
function graph(turn: 0 | 90 | 180 | 270, frames: Frames, format: PictureFormat): string {
  return [
    `fps=${INPUT_RATE}:round=up`,
    'tpad=stop=-1:stop_mode=clone',
    `trim=start_pts=${FIRST_FRAME}:end_pts=${FIRST_FRAME + frames}`,
    ...TURNS[turn],
    `scale=${format.width}:${format.height}:flags=bicubic:out_range=tv`,
    'format=yuv420p',
    retimed(format),
  ].join(',');
}

const TURNS = { 0: [], 90: ['transpose=1'], 180: ['hflip', 'vflip'], 270: ['transpose=2'] } as const;

const retimed = ({ rate: { num, den } }: PictureFormat): string => `setsar=1,settb=${den}/${num},setpts=N`;

/**
 * No frame is shown in another order than it is decoded, so that any segment follows any other; the first one is a key
 * frame, and no frame refers to one before a key frame.
 */
function encoding({ rate: { num, den }, maxKbps, level, colour }: PictureFormat): string[] {
  const keyEvery = Math.round((KEY_SECONDS * num) / den);
  const x264 = [
    'aud=1',
    'bframes=0',
    'open-gop=0',
    'sliced-threads=0',
    'cpu-independent=1',
    `threads=${ENCODER_THREADS}`,
  ];
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-level', (level / 10).toFixed(1)],
    ...['-crf', '23', '-maxrate', `${maxKbps}k`, '-bufsize', `${maxKbps}k`, '-g', String(keyEvery), '-bf', '0'],
    ...['-threads', String(ENCODER_THREADS), '-x264-params', x264.join(':')],
    ...['-r', `${num}/${den}`, '-vsync', 'passthrough', '-color_range', 'tv', '-colorspace', String(colour.matrix)],
    ...['-color_primaries', String(colour.primaries), '-color_trc', String(colour.transfer)],
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-flush_packets', '1'],
  ];
}
