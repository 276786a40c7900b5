import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import { crc16, infoFrameBytes, writeInfoFrame } from '../../src/media/info-frame.ts';
import { readMp3Header } from '../../src/media/mp3.ts';
import { readXing } from '../../src/media/xing.ts';
import { ffmpeg, FFMPEGS, join, lameArgs, mp3, pcmArgs, tones, walk } from './sound.ts';

const folder = mkdtempSync(`${tmpdir()}/baton-info-`);
afterAll(() => rmSync(folder, { recursive: true }));

const versionOf = (rate: number): 1 | 2 | 2.5 => (rate >= 32_000 ? 1 : rate >= 16_000 ? 2 : 2.5);

/** The grid of a virtual MP3 file: as many frames as N samples need, an Info frame in front. */
function virtualFile(
  samples: number,
  sampleRate: number,
  channels: 1 | 2,
  kbps: number,
): { path: string; pcm: Uint8Array } {
  const perFrame = versionOf(sampleRate) === 1 ? 1152 : 576;
  const count = Math.ceil((samples + 1105) / perFrame);
  const pcm = tones(samples, channels);
  const padded = join(pcm, new Uint8Array(8 * perFrame * channels));
  const encoded = ffmpeg([...pcmArgs(sampleRate, channels), ...lameArgs(kbps)], padded);
  const frames = walk(encoded, () => encoded.length).slice(0, count);
  expect(frames).toHaveLength(count);

  const stream = { version: versionOf(sampleRate), sampleRate, channels } as const;
  const audio = join(...frames.map(({ bytes }) => bytes));
  const bytes = infoFrameBytes(stream) + audio.length;
  const padding = count * perFrame - 576 - samples;
  const info = writeInfoFrame({ ...stream, kind: 'Info', frames: count, bytes, gapless: { delay: 576, padding } });
  const path = `${folder}/${samples}-${sampleRate}-${channels}.mp3`;
  writeFileSync(path, join(info, audio));
  return { path, pcm };
}

describe.each(FFMPEGS)('%s', (decoder) => {
  test.each([
    [48_000, 2, 128, 96_000],
    [48_000, 2, 128, 96_001],
    [48_000, 1, 64, 48],
    [48_000, 1, 64, 47_999],
    [44_100, 2, 128, 50_000],
    [24_000, 2, 48, 48_000],
    [24_000, 1, 32, 24_001],
    [11_025, 2, 32, 20_000],
    [8_000, 1, 16, 8_123],
  ] as const)(
    'decodes a file with an Info frame to exactly its samples: %i Hz, %i channels, %i kbit/s, %i',
    (...job) => {
      const [rate, channels, kbps, samples] = job;
      const { path, pcm } = virtualFile(samples, rate, channels, kbps);
      const decoded = ffmpeg(['-i', path, '-f', 's16le', 'pipe:1'], undefined, decoder);
      expect(decoded.length / 2 / channels).toBe(samples);
      if (samples > 5000) expect(bestShift(decoded, pcm, channels)).toBe(0);
    },
  );
});

/** By how many samples one sound lags the other: the shift with the least difference. */
function bestShift(decoded: Uint8Array, original: Uint8Array, channels: number): number {
  const a = new Int16Array(decoded.buffer, decoded.byteOffset, decoded.length / 2);
  const b = new Int16Array(original.buffer, original.byteOffset, original.length / 2);
  const difference = (shift: number): number => {
    let sum = 0;
    for (let i = 2000; i < 6000; i++) sum += Math.abs((a[i] ?? 0) - (b[i + shift * channels] ?? 0));
    return sum;
  };
  const shifts = Array.from({ length: 41 }, (_, index) => index - 20);
  return shifts.reduce((best, shift) => (difference(shift) < difference(best) ? shift : best));
}

describe('an Info frame', () => {
  const stream = { version: 1, sampleRate: 48_000, channels: 2 } as const;
  const info = {
    ...stream,
    kind: 'Info',
    frames: 1000,
    bytes: 384_192,
    gapless: { delay: 576, padding: 1234 },
  } as const;

  test.each([
    [1, 48_000, 2, 192],
    [1, 44_100, 2, 208],
    [1, 32_000, 1, 180],
    [2, 24_000, 2, 192],
    [2, 24_000, 1, 192],
    [2, 22_050, 1, 182],
    [2.5, 8_000, 1, 216],
  ] as const)('of MPEG-%d at %i Hz with %i channels takes %i bytes', (version, sampleRate, channels, size) => {
    const frame = writeInfoFrame({ ...info, version, sampleRate, channels });
    expect(frame).toHaveLength(size);
    expect(infoFrameBytes({ version, sampleRate, channels })).toBe(size);
    expect(readMp3Header(frame, 0)).toMatchObject({ version, sampleRate, channels, frameBytes: size });
  });

  test('is read back as it was meant', () => {
    const { kind, frames, bytes, gapless } = info;
    const read = readXing(writeInfoFrame(info));
    expect(read).toEqual({ kind, frames, bytes, ...gapless, encoder: 'LavcBaton' });
    expect(readXing(writeInfoFrame({ ...info, kind: 'Xing', gapless: { delay: 4095, padding: 0 } }))).toMatchObject({
      ...{ kind: 'Xing', delay: 4095, padding: 0 },
    });
  });

  test('names no encoder when delay and padding are not known', () => {
    const read = readXing(writeInfoFrame({ ...info, gapless: null }));
    expect(read).toMatchObject({ frames: info.frames, bytes: info.bytes, delay: null, padding: null, encoder: '' });
  });

  test('has a linear table of contents unless it is given one', () => {
    const toc = writeInfoFrame(info).subarray(52, 152);
    expect([toc[0], toc[1], toc[50], toc[99]]).toEqual([0, 2, 128, 253]);
    const own = Uint8Array.from({ length: 100 }, (_, index) => index);
    expect(writeInfoFrame({ ...info, toc: own }).subarray(52, 152)).toEqual(own);
  });

  test('states its length a second time where LAME looks for it', () => {
    const frame = writeInfoFrame(info);
    expect(new DataView(frame.buffer).getUint32(184)).toBe(info.bytes);
  });

  test('has the checksum of its first 190 bytes', () => {
    const frame = writeInfoFrame(info);
    expect(crc16(new TextEncoder().encode('123456789'))).toBe(0xbb3d); // the catalogue's check value
    expect(crc16(frame.subarray(0, 190))).toBe(((frame[190] ?? 0) << 8) | (frame[191] ?? 0));
  });

  test('decodes to silence', () => {
    const pcm = ffmpeg(['-f', 'mp3', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'], join(writeInfoFrame(info), mp3(4800)));
    expect(pcm.length).toBeGreaterThan(0);
  });

  test.each([
    ['a padding beyond 12 bits', { gapless: { delay: 576, padding: 4096 } }],
    ['a negative delay', { gapless: { delay: -1, padding: 0 } }],
    ['half a sample', { gapless: { delay: 0.5, padding: 0 } }],
    ['a rate of another version', { sampleRate: 24_000 }],
    ['a short table', { toc: new Uint8Array(99) }],
  ])('with %s is refused', (_, wrong) => {
    const attempt = (): unknown => writeInfoFrame({ ...info, ...wrong });
    expect(attempt).toThrow(expect.toSatisfy((error: unknown) => hasCode(error, 'INTERNAL')));
  });
});
