import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { crc16 } from '../../src/media/info-frame.ts';
import { mp3Walker } from '../../src/media/mp3.ts';
import { readVbri, readXing } from '../../src/media/xing.ts';
import { ffmpeg, join, mp3, pcmArgs, randomBytes, tones } from './sound.ts';

const folder = mkdtempSync(`${tmpdir()}/baton-xing-`);
afterAll(() => rmSync(folder, { recursive: true }));

/** ffmpeg can only state lengths where it can seek back. */
function encodedFile(rate: number, channels: number, quality: readonly string[]): Uint8Array {
  const path = `${folder}/${rate}-${channels}-${quality.join('')}.mp3`;
  const target = ['-c:a', 'libmp3lame', ...quality, '-id3v2_version', '0', '-map_metadata', '-1', '-y', path];
  ffmpeg([...pcmArgs(rate, channels), ...target], tones(rate, channels));
  return new Uint8Array(readFileSync(path));
}

describe.each([48_000, 44_100, 24_000, 11_025])('a file that ffmpeg wrote at %i Hz', (rate) => {
  test.each([1, 2])('states its length and its trims, %i channels', (channels) => {
    const file = encodedFile(rate, channels, ['-q:a', '5']);
    const [first, ...audio] = [mp3Walker()].flatMap((walker) => [...walker.push(file), ...walker.end()]);
    const tag = first && readXing(first.bytes);
    expect(tag).toMatchObject({ kind: 'Xing', frames: audio.length, bytes: file.length });
    expect(tag?.encoder).toMatch(/^Lav[cf]/);
    const { delay, padding } = tag ?? {};
    const samples = audio.reduce((sum, { header }) => sum + header.frameSamples, 0);
    expect(samples - (delay ?? 0) - (padding ?? 0)).toBe(rate);
  });

  test('says Info when its bitrate is constant', () => {
    expect(readXing(encodedFile(rate, 2, ['-b:a', '64k']))).toMatchObject({ kind: 'Info' });
  });
});

// For other layouts than this one ffmpeg itself reckons the checksum over the wrong bytes.
test('the checksum that ffmpeg wrote for MPEG-1 stereo is ours', () => {
  const file = encodedFile(48_000, 2, ['-q:a', '4']);
  expect(crc16(file.subarray(0, 190))).toBe(((file[190] ?? 0) << 8) | (file[191] ?? 0));
});

const frame = (magic: string, at: number): Uint8Array => {
  const bytes = mp3(1152).slice(0, 384).fill(0, 4);
  bytes.set(Buffer.from(magic, 'latin1'), at);
  return bytes;
};
const BEHIND_SIDE_INFO = 36;
const LAME_PART = (encoder: string): string => `${encoder.padEnd(9)}${'\0'.repeat(12)}\x24\x01\x23${'\0'.repeat(12)}`;

describe('a Xing tag', () => {
  test('without lengths gives none', () => {
    const expected = { kind: 'Info', frames: null, bytes: null, delay: 576, padding: 0x123, encoder: 'LAME3.100' };
    expect(readXing(frame(`Info\0\0\0\0${LAME_PART('LAME3.100')}`, BEHIND_SIDE_INFO))).toEqual(expected);
    const zero = `Xing\0\0\0\x03${'\0'.repeat(8)}`;
    expect(readXing(frame(zero, BEHIND_SIDE_INFO))).toMatchObject({ frames: null, bytes: null });
  });

  test('of another encoder has no trims, as decoders ignore them', () => {
    const tag = readXing(frame(`Xing\0\0\0\0${LAME_PART('GOGO3.13')}`, BEHIND_SIDE_INFO));
    expect(tag).toMatchObject({ encoder: 'GOGO3.13 ', delay: null, padding: null });
  });

  test('is found where it counts the CRC in, too', () => {
    const bytes = frame('Xing\0\0\0\x01\0\0\0\x09', BEHIND_SIDE_INFO + 2);
    expect(readXing(bytes)).toBeNull();
    bytes[1] = 0xfa;
    expect(readXing(bytes)).toMatchObject({ frames: 9 });
  });

  test('is not seen in audio, and a cut one does no harm', () => {
    expect(readXing(mp3(4800))).toBeNull();
    expect(readXing(join('Xing', randomBytes(400, 1)))).toBeNull();
    const whole = frame(`Info\0\0\0\x0f${'\x01'.repeat(112)}${LAME_PART('LAME')}`, BEHIND_SIDE_INFO);
    for (let end = 0; end < whole.length; end++) {
      const tag = readXing(whole.subarray(0, end));
      expect(tag === null).toBe(end < 40);
      expect(tag?.delay ?? 576).toBe(576);
    }
  });
});

test('a VBRI tag states its length', () => {
  const bytes = frame('VBRI\0\x01\0\0\0\x4b\0\x01\0\0\0\0\x30\0', 36);
  expect(readVbri(bytes)).toEqual({ bytes: 65_536, frames: 0x3000 });
  expect(readVbri(bytes.subarray(0, 50))).toBeNull();
  expect(readVbri(mp3(4800))).toBeNull();
});
