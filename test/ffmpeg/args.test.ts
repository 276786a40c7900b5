import { expect, test } from 'vitest';
import { encodeArgs, type Cut } from '../../src/ffmpeg/args.ts';
import { INPUTS } from '../../src/ffmpeg/inputs.ts';

const CUT: Cut = { from: 1105, to: 120_000, audioStart: 1920, audioEnd: 117_120, encoded: 123_264 };
const STEREO = { codec: 'mp3', sampleRate: 48_000, channels: 2, kbps: 128 } as const;

const READING = [
  ...['-hide_banner', '-nostdin', '-v', 'error', '-cpuflags', 'mmx+mmxext+sse+sse2+cmov'],
  ...['-protocol_whitelist', 'pipe', '-format_whitelist', 'mp3', '-codec_whitelist', 'mp3float,mp3'],
  ...['-max_pixels', '65536', '-threads', '1', '-probesize', '4096', '-analyzeduration', '0', '-vn', '-sn', '-dn'],
];
const ENCODING = [
  ...['-c:a', 'libmp3lame', '-b:a', '128k', '-reservoir', '0', '-write_xing', '0', '-id3v2_version', '0'],
  ...['-map_metadata', '-1', '-map_chapters', '-1', '-flush_packets', '1', '-f', 'mp3'],
];

test('one chunk is one output; everything that ffmpeg may touch is named', () => {
  expect(encodeArgs(INPUTS.mp3, STEREO, [CUT], 'x64')).toEqual([
    ...['-f', 'mp3', ...READING, '-i', 'pipe:0', '-filter_complex'],
    '[0:a:0]atrim=start_sample=1105:end_sample=120000,asetpts=N/SR/TB,aresample=48000:rematrix_maxval=1.0,' +
      'aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo,' +
      'atrim=start_sample=1920:end_sample=117120,asetpts=N/SR/TB,apad,atrim=end_sample=123264[o0]',
    ...['-map', '[o0]', ...ENCODING, 'pipe:3'],
  ]);
});

test.each([
  [
    'opus',
    96,
    'flt',
    ['libopus', '-b:a', '96k', '-vbr', 'off', '-frame_duration', '20', '-application', 'lowdelay'],
    'data',
  ],
  ['aac', 96, 'fltp', ['aac', '-b:a', '96k', '-aac_coder', 'fast'], 'adts'],
  ['pcm', null, 's16', ['pcm_s16le'], 's16le'],
] as const)('%s is asked for frames with nothing around them', (codec, kbps, sampleFormat, encoder, muxer) => {
  const args = encodeArgs(INPUTS.mp3, { ...STEREO, codec, kbps }, [CUT], 'x64');
  expect(args[args.indexOf('-filter_complex') + 1]).toContain(`aformat=sample_fmts=${sampleFormat}:`);
  const untagged = ['-map_metadata', '-1', '-map_chapters', '-1', '-flush_packets', '1'];
  expect(args.slice(args.indexOf('-c:a'))).toEqual(['-c:a', ...encoder, ...untagged, '-f', muxer, 'pipe:3']);
});

test('several chunks are decoded once and encoded each by itself, to pipes from 3 on', () => {
  const args = encodeArgs(INPUTS.aac, { ...STEREO, channels: 1 }, [CUT, { ...CUT, from: 5000 }, CUT], 'x64');
  const graph = args[args.indexOf('-filter_complex') + 1]?.split(';') ?? [];
  expect(graph[0]).toBe('[0:a:0]asplit=3[i0][i1][i2]');
  expect(graph[2]).toMatch(/^\[i1\]atrim=start_sample=5000:.*channel_layouts=mono.*\[o1\]$/);
  expect(args.filter((arg) => arg.startsWith('pipe:'))).toEqual(['pipe:0', 'pipe:3', 'pipe:4', 'pipe:5']);
  expect(args.filter((arg) => arg === 'libmp3lame')).toHaveLength(3);
  expect(args[args.indexOf('-flush_packets') + 1]).toBe('0');
});

test.each([
  ['mp3', 'mp3', 'mp3float,mp3'],
  ['aac', 'matroska', 'aac'],
  ['silence', 's16le', 'pcm_s16le'],
] as const)('%s opens the demuxer %s and the decoders %s, no others', (input, demuxer, decoders) => {
  const args = encodeArgs(INPUTS[input], STEREO, [CUT], 'x64');
  const valueOf = (option: string): string | undefined => args[args.indexOf(option) + 1];
  expect([valueOf('-f'), valueOf('-format_whitelist')]).toEqual([demuxer, demuxer]);
  expect(valueOf('-codec_whitelist')).toBe(decoders);
  expect(valueOf('-protocol_whitelist')).toBe('pipe');
});

test('where nothing is known of a processor its features are left alone', () => {
  expect(encodeArgs(INPUTS.mp3, STEREO, [CUT], 'riscv64')).not.toContain('-cpuflags');
  expect(encodeArgs(INPUTS.mp3, STEREO, [CUT], 'arm64')).toContain('armv8+neon');
});
