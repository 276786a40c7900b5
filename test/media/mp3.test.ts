import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Mp3Frame, mp3Bitrates, mp3Walker, readMp3Header, sameStream } from '../../src/media/mp3.ts';
import { join, mp3, randomBytes, seededRandom, walk } from './sound.ts';

const RATES = [48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000];

describe('a header', () => {
  test.each(RATES.flatMap((rate) => [1, 2].map((channels) => [rate, channels] as const)))(
    'is read as the encoder meant it: %i Hz, %i channels',
    (sampleRate, channels) => {
      const file = mp3(sampleRate / 5, sampleRate, channels, 64);
      const frames = walk(file, () => file.length);
      const [first] = frames;
      const version = sampleRate >= 32_000 ? 1 : sampleRate >= 16_000 ? 2 : 2.5;
      expect(first?.header).toMatchObject({ version, layer: 3, kbps: 64, sampleRate, channels, crc: false });
      expect(first?.header.frameSamples).toBe(version === 1 ? 1152 : 576);
      expect(first?.header.sideInfoBytes).toBe(version === 1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17);
      expect(frames.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(file.length);
    },
  );

  test('has the frame size of the standard at every bitrate', () => {
    for (const [index, kbps] of mp3Bitrates(1).entries()) {
      const padded = readMp3Header(Uint8Array.of(0xff, 0xfb, ((index + 1) << 4) | 2, 0), 0);
      expect(padded).toMatchObject({ kbps, padding: 1, frameBytes: Math.floor((144_000 * kbps) / 44_100) + 1 });
    }
    expect(readMp3Header(Uint8Array.of(0xff, 0xf2, 0xe8, 0xc0), 0)).toMatchObject({ crc: true, frameBytes: 720 });
  });

  test.each([
    ['free format', [0xff, 0xfb, 0x00, 0]],
    ['the forbidden bitrate', [0xff, 0xfb, 0xf0, 0]],
    ['the reserved rate', [0xff, 0xfb, 0x9c, 0]],
    ['the reserved version', [0xff, 0xeb, 0x90, 0]],
    ['layer II', [0xff, 0xfd, 0x90, 0]],
    ['ADTS', [0xff, 0xf1, 0x90, 0]],
    ['no sync word', [0xff, 0x7b, 0x90, 0]],
    ['three bytes', [0xff, 0xfb, 0x90]],
    ['nothing', []],
  ])('is not seen in %s', (_, bytes) => {
    expect(readMp3Header(Uint8Array.from(bytes), 0)).toBeNull();
  });

  test('is read at its offset, and never beyond the end', () => {
    const bytes = Uint8Array.of(0, 0xff, 0xfb, 0x90, 0x64);
    expect(readMp3Header(bytes, 1)?.kbps).toBe(128);
    expect([-1, 0, 2, 4, 5, 99].map((offset) => readMp3Header(bytes, offset))).toEqual(Array(6).fill(null));
  });
});

const file = mp3(48_000, 48_000, 2);
const frames = walk(file, () => file.length);
const other = mp3(44_100, 44_100, 2);
const [firstFrame] = frames;
const header = firstFrame?.header;
const bytesOf = (list: readonly Mp3Frame[]): string[] =>
  list.map(({ bytes }) => createHash('md5').update(bytes).digest('hex'));
const half = frames.length >> 1;
const front = file.subarray(0, half * 384);
const back = file.subarray(half * 384);
const lone = Uint8Array.of(0xff, 0xfb, 0x94, 0x64);

const STREAMS: Record<string, { bytes: Uint8Array; expected: readonly Mp3Frame[] }> = {
  'frames only': { bytes: file, expected: frames },
  'junk in front': { bytes: join(randomBytes(5000, 1), file), expected: frames },
  'junk between frames': { bytes: join(front, randomBytes(3000, 2), back), expected: frames },
  'one byte between frames': { bytes: join(front, [0xff], back), expected: frames },
  'an ID3v2 tag in the middle': {
    bytes: join(front, 'ID3\x04\0\0\0\0\x0f\x00', randomBytes(1920, 3), back),
    expected: frames,
  },
  'an APE tag in the middle': { bytes: join(front, 'APETAGEX', randomBytes(700, 4), back), expected: frames },
  'a lone header in junk': {
    bytes: join(front, randomBytes(100, 5), lone, new Uint8Array(900), back),
    expected: frames,
  },
  'junk full of headers': {
    bytes: join(front, [0], ...Array<Uint8Array>(500).fill(join(lone, [0])), back),
    expected: frames,
  },
  'junk of ones': { bytes: join(front, new Uint8Array(5000).fill(0xff), back), expected: frames },
  'another stream in the middle': { bytes: join(front, other, back), expected: frames },
  'a truncated last frame': { bytes: file.subarray(0, -1), expected: frames.slice(0, -1) },
  'three bytes of a last frame': { bytes: join(file, [0xff, 0xfb, 0x94]), expected: frames },
  'an ID3v1 tag at the end': { bytes: join(file, 'TAG', randomBytes(125, 6)), expected: frames },
  'junk, then one frame': { bytes: join(randomBytes(999, 8), file.subarray(0, 384)), expected: frames.slice(0, 1) },
};

describe.each(Object.entries(STREAMS))('a walk through %s', (_, { bytes, expected }) => {
  test.each([1, 3, 7, 1000, bytes.length])('in pushes of %i bytes gives the frames', (size) => {
    expect(bytesOf(walk(bytes, () => size))).toEqual(bytesOf(expected));
  });

  test('in random pushes gives the same, and each frame at its offset', () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = seededRandom(seed);
      const limit = 10 ** (1 + (seed % 4));
      const walked = walk(bytes, () => Math.ceil(random() * limit));
      expect(bytesOf(walked)).toEqual(bytesOf(expected));
      for (const { offset, bytes: frame } of walked) {
        expect(Buffer.compare(frame, bytes.subarray(offset, offset + frame.length))).toBe(0);
      }
    }
  });
});

describe('a walk', () => {
  test('gives a frame as soon as its last byte is there', () => {
    const walker = mp3Walker(header);
    expect(walker.push(file.subarray(0, 383))).toEqual([]);
    expect(walker.push(file.subarray(383, 384))).toHaveLength(1);
    expect(walker.push(file.subarray(384, 768))).toHaveLength(1);
  });

  test('that starts at a frame needs no frame behind it, one that starts anywhere does', () => {
    const bytes = join(file.subarray(0, 384), randomBytes(2000, 9));
    expect(walk(bytes, () => 2000, mp3Walker(header))).toHaveLength(1);
    expect(walk(bytes, () => 2000, mp3Walker(header, 'anywhere'))).toHaveLength(0);
    expect(walk(file.subarray(100), () => 2000, mp3Walker(header, 'anywhere'))).toHaveLength(frames.length - 1);
  });

  test('that is told its stream does not take another one', () => {
    expect(walk(join(other, file), () => 4096, mp3Walker(header))).toHaveLength(frames.length);
    expect(header && sameStream(header, { ...header, kbps: 64, channels: 1 })).toBe(true);
  });

  test('through scraps of frames gives the same whole frames in any pushes', () => {
    const random = seededRandom(11);
    const cut = (from: Uint8Array): Uint8Array => {
      const start = Math.floor(random() * from.length);
      return from.subarray(start, start + random() * 2000);
    };
    const scraps = Array.from({ length: 400 }, (_, n) => [cut(file), cut(other), lone, randomBytes(n, n)]);
    const bytes = join(...scraps.flat());
    const whole = walk(bytes, () => bytes.length);
    expect(whole.length).toBeGreaterThan(300);
    for (const { header: each, bytes: frame } of whole) expect(frame).toHaveLength(each.frameBytes);
    for (const limit of [2, 50, 500, 1445, 3000, 20_000]) {
      expect(bytesOf(walk(bytes, () => Math.ceil(random() * limit)))).toEqual(bytesOf(whole));
    }
  });

  test('through megabytes of false headers is quick', () => {
    const bytes = new Uint8Array(Buffer.alloc(8_000_000, join(lone, [0])));
    const started = performance.now();
    expect(walk(bytes, () => 65_536)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
