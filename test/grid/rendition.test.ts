import { describe, expect, test } from 'vitest';
import { BatonError } from '../../src/errors.ts';
import { formatRendition, MP3_KBPS, parseRendition, renditionOf } from '../../src/grid/rendition.ts';

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
  test.each(MP3_KBPS)('are read and written alike at %i kbit/s', (kbps) => {
    const options = `codec.mp3~bitrate.${kbps}k`;
    const rendition = parseRendition(options);
    expect(rendition).toEqual({ codec: 'mp3', kbps, channels: null, startMs: 0, endMs: null });
    expect(formatRendition(rendition)).toBe(options);
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
    ['another codec', 'codec.opus~bitrate.96k'],
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
