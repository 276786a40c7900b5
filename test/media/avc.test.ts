import { describe, expect, test } from 'vitest';
import { accessUnits, lengthPrefixed } from '../../src/media/annex-b.ts';
import { avcCodecs, readAvcConfig, readAvcSequence, writeAvcConfig } from '../../src/media/avc.ts';
import { ffmpeg } from '../support/ffmpeg.ts';

const encode = (size: string, ...args: string[]): Promise<Buffer> =>
  ffmpeg([
    ...['-f', 'lavfi', '-i', `testsrc2=s=${size}:d=0.4:r=25`, '-pix_fmt', 'yuv420p', '-c:v', 'libx264'],
    ...['-preset', 'ultrafast', '-x264-params', 'aud=1:keyint=5', ...args, '-f', 'h264', 'pipe:1'],
  ]);

describe('H.264 with start codes', () => {
  test('comes apart into the same access units however it is cut', async () => {
    const stream = await encode('128x96');
    const whole = unitsOf(stream, stream.length);
    expect(whole).toHaveLength(10);
    expect(whole[0]?.map((unit) => (unit[0] ?? 0) & 31).slice(0, 3)).toEqual([9, 7, 8]);
    for (const size of [1, 2, 3, 7, 100, 1009]) expect(unitsOf(stream, size)).toEqual(whole);
  });
});

describe('a sequence parameter set', () => {
  test.each([
    ['128x96', [], { width: 128, height: 96, pixelAspect: [1, 1], isProgressive: true, bitDepth: 8 }],
    ['322x182', ['-aspect', '4:3'], { width: 322, height: 182 }],
    ['128x96', ['-vf', 'setsar=4/3'], { pixelAspect: [4, 3] }],
    ['128x96', ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'], { colour: BT709() }],
    ['1920x1080', [], { width: 1920, height: 1080 }],
  ])('of %s %j is read', async (size, args, expected) => {
    const [first] = unitsOf(await encode(size, ...args), 1e9);
    const set = first?.find((unit) => ((unit[0] ?? 0) & 31) === 7) ?? new Uint8Array();
    expect(readAvcSequence(set)).toMatchObject(expected);
  });

  test('that is damaged is none', () => {
    for (let length = 0; length < 12; length++)
      expect(readAvcSequence(Uint8Array.from([0x67, ...new Array<number>(length).fill(0)]))).toBeNull();
  });
});

test('a configuration record says what it was made of', async () => {
  const [first = []] = unitsOf(await encode('128x96', '-profile:v', 'high', '-preset', 'veryfast'), 1e9);
  const [, sequence = new Uint8Array(), picture = new Uint8Array()] = first;
  const config = writeAvcConfig([sequence], [picture]);
  expect(readAvcConfig(config)).toEqual({ lengthBytes: 4, sequences: [sequence], pictures: [picture] });
  for (let length = 0; length < config.length - 4; length++)
    expect(readAvcConfig(config.subarray(0, length))).toBeNull();
  expect(avcCodecs(100, 0, 31)).toBe('avc1.64001f');
});

test('units stand behind their lengths', () => {
  expect([...lengthPrefixed([Uint8Array.of(7, 7), Uint8Array.of(1)])]).toEqual([0, 0, 0, 2, 7, 7, 0, 0, 0, 1, 1]);
});

function BT709() {
  return { primaries: 1, transfer: 1, matrix: 1 };
}

function unitsOf(stream: Uint8Array, size: number): (readonly Uint8Array[])[] {
  const units = accessUnits();
  const whole: (readonly Uint8Array[])[] = [];
  for (let at = 0; at < stream.length; at += size) whole.push(...units.push(stream.subarray(at, at + size)));
  return [...whole, ...units.end()].map((unit) => unit.map((nal) => Uint8Array.from(nal)));
}
