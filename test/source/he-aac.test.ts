import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode, ffmpeg, inFolder } from '../support/ffmpeg.ts';
import { samplesOf, slicePcm, snr } from '../support/signal.ts';
import { decodeRun, setting, soon } from './setting.ts';

const FIXTURES = ['he-aac-v1', 'he-aac-v2', 'he-aac-mono'] as const;
type Fixture = (typeof FIXTURES)[number];

const bare = (name: Fixture): string => join(import.meta.dirname, `../fixtures/${name}.aac`);

/** The stream as ffmpeg copies it from container to container. */
const copied = (name: Fixture, ...extensions: readonly string[]): Promise<Buffer> =>
  inFolder(async (folder) => {
    let path = bare(name);
    for (const [index, extension] of extensions.entries()) {
      const next = join(folder, `${index}.${extension}`);
      await ffmpeg(['-i', path, '-c', 'copy', next]);
      path = next;
    }
    return await readFile(path);
  });

/** A Matroska track that states the rate of the core alone, as some muxers do. */
async function matroskaOfCore(name: Fixture): Promise<Buffer> {
  const bytes = await copied(name, 'mkv');
  const output = bytes.indexOf(Buffer.from([0x78, 0xb5, 0x88])); // OutputSamplingFrequency
  bytes.writeDoubleBE(bytes.readDoubleBE(output + 3) / 2, bytes.indexOf(Buffer.from([0xb5, 0x88])) + 2);
  bytes.set([0xec, 0x89], output); // Void
  return bytes;
}

/** A movie that counts time at the rate of the core. */
async function movieOfCore(name: Fixture): Promise<Buffer> {
  const bytes = await copied(name, 'm4a');
  const [mdhd, stts] = [bytes.indexOf('mdhd'), bytes.indexOf('stts')];
  const halve = (at: number): number => bytes.writeUInt32BE(bytes.readUInt32BE(at) / 2, at);
  halve(mdhd + 16);
  halve(mdhd + 20);
  for (let entry = bytes.readUInt32BE(stts + 8); entry > 0; entry--) halve(stts + 8 + 8 * entry);
  return bytes;
}

const WAYS: readonly (readonly [string, (name: Fixture) => Promise<Buffer>])[] = [
  ['in Matroska that states both rates', (name) => copied(name, 'mkv')],
  ['in Matroska that states the rate of the output', (name) => copied(name, 'm4a', 'mkv')],
  ['in Matroska that states the rate of the core', matroskaOfCore],
  ['in a movie that counts at the rate of the output', (name) => copied(name, 'm4a')],
  ['in a movie that counts at the rate of the core', movieOfCore],
];

describe.each(FIXTURES)('%s', (name) => {
  it.each(WAYS)('%s has its whole band, in place', async (_, make) => {
    const whole = await decode(bare(name));
    await using at = await setting(await make(name));
    const opened = await at.sources.open(at.origin.url(), soon());
    const { sampleRate, channels } = whole;
    expect(opened.record).toMatchObject({ sampleRate, channels, samples: samplesOf(whole), skip: 0 });
    for (const from of [0, 60_000, samplesOf(whole) - 12_000]) {
      const run = await decodeRun(at.sources, opened, from, from + 10_000);
      expect(snr(run, slicePcm(whole, from, from + 10_000)), `from ${from}`).toBeGreaterThan(25); // noise is drawn anew by every decoder
    }
  });
});
