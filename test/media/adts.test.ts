import { expect, test } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import { adtsHeader } from '../../src/media/adts.ts';
import { adtsFrames, ffmpeg, join, pcmArgs, tones } from './sound.ts';

test.each([
  [48_000, 2],
  [44_100, 1],
  [22_050, 6],
  [8_000, 2],
])('headers are those of ffmpeg, byte for byte: %i Hz, %i channels', (sampleRate, channels) => {
  const args = [...pcmArgs(sampleRate, channels), '-c:a', 'aac', '-b:a', '96k', '-f', 'adts', 'pipe:1'];
  const stream = ffmpeg(args, tones(sampleRate / 4, channels));
  const units = adtsFrames(stream);
  expect(units.length).toBeGreaterThan(2);
  const framed = units.map((unit) => join(adtsHeader({ objectType: 2, sampleRate, channels }, unit.length), unit));
  expect(Buffer.compare(join(...framed), stream)).toBe(0);
});

test('the largest frame that ADTS can state is 8191 bytes', () => {
  const config = { objectType: 2, sampleRate: 48_000, channels: 8 } as const;
  expect(adtsHeader(config, 8184)).toEqual(Uint8Array.of(0xff, 0xf1, 0x4d, 0xc3, 0xff, 0xff, 0xfc));
});

test.each([
  ['a larger frame', { sampleRate: 48_000, channels: 2, bytes: 8185 }],
  ['a rate without an index', { sampleRate: 47_999, channels: 2, bytes: 100 }],
  ['seven channels', { sampleRate: 48_000, channels: 7, bytes: 100 }],
  ['no channel', { sampleRate: 48_000, channels: 0, bytes: 100 }],
])('%s is refused', (_, { bytes, ...config }) => {
  expect(() => adtsHeader({ objectType: 2, ...config }, bytes)).toThrow(
    expect.toSatisfy((error: unknown) => hasCode(error, 'CODEC_UNSUPPORTED')),
  );
});
