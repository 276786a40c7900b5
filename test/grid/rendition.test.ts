import { describe, expect, test } from 'vitest';
import { BatonError } from '../../src/errors.ts';
import { AAC_KBPS, MP3_KBPS, OPUS_KBPS } from '../../src/grid/codecs.ts';
import { containerOf } from '../../src/grid/container.ts';
import { formatRendition, parseRendition, renditionOf } from '../../src/grid/rendition.ts';

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof BatonError) return error.code;
    throw error;
  }
  return 'none';
};

describe('the options of a link', () => {
  test.each([
    ...MP3_KBPS.map((kbps) => ['mp3', kbps] as const),
    ...OPUS_KBPS.map((kbps) => ['opus', kbps] as const),
    ...AAC_KBPS.map((kbps) => ['aac', kbps] as const),
  ])('are read and written alike for %s at %i kbit/s', (codec, kbps) => {
    const options = `codec.${codec}~bitrate.${kbps}k`;
    const rendition = parseRendition(options);
    expect(rendition).toEqual({ codec, kbps, channels: null, startMs: 0, endMs: null });
    expect(formatRendition(rendition)).toBe(options);
  });

  test('leave the codec to the request, at rates that both may have', () => {
    const options = 'format.auto~bitrate.48k~channels.mono~start.10ms~end.20ms';
    expect(parseRendition(options)).toEqual({ codec: 'auto', kbps: 48, channels: 1, startMs: 10, endMs: 20 });
    expect(formatRendition(parseRendition(options))).toBe(options);
  });

  test('of PCM have no bitrate', () => {
    expect(parseRendition('codec.pcm')).toEqual({ codec: 'pcm', channels: null, startMs: 0, endMs: null });
    const options = 'codec.pcm~channels.stereo~start.10ms';
    expect(formatRendition(parseRendition(options))).toBe(options);
  });

  test('may choose channels and a trim in steps of 10 ms', () => {
    const options = 'codec.mp3~bitrate.96k~channels.mono~start.1500ms~end.90010ms';
    expect(parseRendition(options)).toEqual({ codec: 'mp3', kbps: 96, channels: 1, startMs: 1500, endMs: 90_010 });
    expect(formatRendition(parseRendition(options))).toBe(options);
  });

  test('may ask for the frames of the source', () => {
    expect(parseRendition('codec.copy')).toEqual({ codec: 'copy' });
  });

  test.each([
    ['nothing', ''],
    ['an unknown option', 'codec.mp3~bitrate.96k~gain.3'],
    ['a repeated option', 'codec.mp3~bitrate.96k~bitrate.96k'],
    ['a wrong order', 'bitrate.96k~codec.mp3'],
    ['no bitrate', 'codec.mp3'],
    ['a bitrate that MP3 does not have', 'codec.mp3~bitrate.100k'],
    ['a bitrate below the grid', 'codec.mp3~bitrate.24k'],
    ['a bitrate without unit', 'codec.mp3~bitrate.96'],
    ['another codec', 'codec.vorbis~bitrate.96k'],
    ['a bitrate that Opus does not have here', 'codec.opus~bitrate.320k'],
    ['a bitrate that AAC does not have here', 'codec.aac~bitrate.16k'],
    ['a bitrate of PCM', 'codec.pcm~bitrate.96k'],
    ['a format that nobody knows', 'format.best~bitrate.96k'],
    ['a format and a codec', 'codec.mp3~format.auto~bitrate.96k'],
    ['a bitrate that only Opus has, and the codec left open', 'format.auto~bitrate.24k'],
    ['a bitrate that only MP3 has, and the codec left open', 'format.auto~bitrate.320k'],
    ['a trim that is not a step', 'codec.mp3~bitrate.96k~start.15ms'],
    ['a start that is the default', 'codec.mp3~bitrate.96k~start.0ms'],
    ['leading zeros', 'codec.mp3~bitrate.96k~start.010ms'],
    ['an end before the start', 'codec.mp3~bitrate.96k~start.100ms~end.100ms'],
    ['a negative start', 'codec.mp3~bitrate.96k~start.-10ms'],
    ['a trimmed copy', 'codec.copy~start.100ms'],
    ['an option of every object', 'codec.mp3~bitrate.96k~__proto__.1'],
    ['three channels', 'codec.mp3~bitrate.96k~channels.3'],
  ])('are refused with %s', (_, options) => {
    expect(codeOf(() => parseRendition(options))).toBe('OPTIONS_INVALID');
  });

  test('come from separate parts as well', () => {
    expect(formatRendition(renditionOf({ codec: 'mp3', bitrate: '64k', channels: 'mono', start: undefined }))).toBe(
      'codec.mp3~bitrate.64k~channels.mono',
    );
    expect(codeOf(() => renditionOf({ codec: 'copy', bitrate: '64k' }))).toBe('OPTIONS_INVALID');
  });
});

describe('the name of a link', () => {
  test.each([
    ['codec.mp3~bitrate.96k', 'a.mp3', 'mp3'],
    ['codec.mp3~bitrate.96k', 'a.M4A', 'mp3'],
    ['codec.copy', 'episode', 'mp3'],
    ['codec.opus~bitrate.96k', 'a.opus', 'ogg'],
    ['codec.opus~bitrate.96k', 'a.OGG', 'ogg'],
    ['codec.opus~bitrate.96k', 'no.1', 'ogg'],
    ['codec.opus~bitrate.96k', 'a.mp4', 'mp4'],
    ['codec.aac~bitrate.96k', 'a.mp4', 'mp4'],
    ['codec.pcm', 'a.wav', 'wav'],
    ['codec.pcm', 'a.constructor', 'wav'],
  ] as const)('puts %s as %s into %s', (options, name, container) => {
    expect(containerOf(parseRendition(options), name)).toBe(container);
  });

  test.each([
    ['codec.mp3~bitrate.96k', 'a.opus'],
    ['codec.mp3~bitrate.96k', 'a.mp4'],
    ['codec.copy', 'a.mp4'],
    ['codec.opus~bitrate.96k', 'a.mp3'],
    ['codec.aac~bitrate.96k', 'a.mp3'],
    ['codec.aac~bitrate.96k', 'a'],
    ['codec.pcm', 'a.mp4'],
    ['format.auto~bitrate.96k', 'a.wav'],
    ['format.auto~bitrate.96k', 'a.mp4'],
  ])('that contradicts %s is refused: %s', (options, name) => {
    expect(codeOf(() => containerOf(parseRendition(options), name))).toBe('OPTIONS_INVALID');
  });
});
