import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAiffChunk, readAiffFormat, readSoundOffset } from '../../src/media/aiff.ts';
import { chunkText } from '../../src/media/chunk-text.ts';
import { ffmpeg, inFolder } from '../support/ffmpeg.ts';

const RATES = [8_000, 11_025, 22_050, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

/** The content of the first chunk of a file called `id`. */
function chunkIn(file: Uint8Array, id: string): Uint8Array {
  for (let at = 12; ;) {
    const chunk = readAiffChunk(file.subarray(at));
    if (chunk === null) throw new Error(`no ${id}`);
    if (chunk.id === id) return file.subarray(at + 8, at + 8 + chunk.size);
    at += 8 + chunk.size + (chunk.size & 1);
  }
}

const written = (args: readonly string[]): Promise<Uint8Array> =>
  inFolder(async (folder) => {
    await ffmpeg([...args, `${folder}/out.aiff`]); // ffmpeg goes back to write the lengths
    return await readFile(`${folder}/out.aiff`);
  });

describe('a format', () => {
  test.each(RATES)('is read as ffmpeg wrote it at %i Hz', async (sampleRate) => {
    const file = await written(['-f', 'lavfi', '-i', `sine=r=${sampleRate}:d=0.1`, '-ac', '2', '-c:a', 'pcm_s24be']);
    const format = readAiffFormat(chunkIn(file, 'COMM'), false);
    expect(format).toEqual({ channels: 2, sampleRate, sampleBits: 24, compression: 'NONE' });
  });

  test('of AIFF-C names its compression', async () => {
    const file = await written(['-f', 'lavfi', '-i', 'sine=d=0.1', '-c:a', 'pcm_s16le']);
    expect(readAiffFormat(chunkIn(file, 'COMM'), true)).toMatchObject({ sampleBits: 16, compression: 'sowt' });
  });

  test.each([
    ['the 22254.54 Hz of old Macintoshes', '400d addd 1745 d174 5d17', 22_255],
    ['one Hertz', '3fff 8000 0000 0000 0000', 1],
  ])('may have %s', (_, rate, wanted) => {
    const content = hex(`0001 00000000 0010 ${rate}`);
    expect(readAiffFormat(content, false)?.sampleRate).toBe(wanted);
  });

  test.each([
    ['no channels', '0000 00000000 0010 400eac44000000000000'],
    ['a negative rate', '0001 00000000 0010 c00eac44000000000000'],
    ['an infinite rate', '0001 00000000 0010 7fff8000000000000000'],
    ['a rate of nothing', '0001 00000000 0010 00000000000000000000'],
    ['half of it', '0001 0000'],
  ])('is not read with %s', (_, bytes) => {
    expect(readAiffFormat(hex(bytes), false)).toBeNull();
  });
});

test('chunks, formats, offsets and texts of any bytes are read or given up', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, isCompressed) => {
      const format = readAiffFormat(bytes, isCompressed);
      if (format !== null) expect(format.sampleRate).toBeGreaterThan(0);
      expect(readAiffChunk(bytes)?.size ?? 0).toBeGreaterThanOrEqual(0);
      expect(readSoundOffset(bytes) ?? 8).toBeGreaterThanOrEqual(8);
      expect(chunkText(bytes)).not.toContain('\0');
    }),
  );
});

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
