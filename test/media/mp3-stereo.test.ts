import { describe, expect, test } from 'vitest';
import { stereoFrames } from '../../src/media/mp3-stereo.ts';
import { decode, decodeFloat } from '../support/ffmpeg.ts';
import { frameFacts, join, splitFrames } from '../support/mp3-forge.ts';
import { rms } from '../support/signal.ts';
import { source } from '../support/sources.ts';

function inStereo(frames: readonly Uint8Array[]): Uint8Array[] {
  const stereo = stereoFrames();
  return [...frames.flatMap((frame) => stereo.push(frame)), ...stereo.end()];
}

// ffmpeg reads three of the original frames past the edge of its reservoir a little differently; mpg123 hears them equal.
const ODD_FRAMES = { 'mpeg2-24k.mp3': 3 } as Readonly<Record<string, number>>;

describe.each(['cbr-mono-padded.mp3', 'mpeg2-24k.mp3', 'mpeg25-12k.mp3', 'mpeg25-8k.mp3'] as const)('%s', (name) => {
  test('sounds the same on both sides, to the last bit', async () => {
    // Without the Xing frame, which is of no sound and would be no Xing frame any more.
    const mono = splitFrames((await source(name)).bytes).slice(1);
    const stereo = inStereo(mono);
    expect(stereo).toHaveLength(mono.length);
    expect(stereo.every((frame) => frameFacts(frame).channels === 2)).toBe(true);
    const [one, two] = [await decodeFloat(join(...mono)), await decodeFloat(join(...stereo))];
    expect([one.channels, two.channels]).toEqual([1, 2]);
    expect(two.data.length).toBe(2 * one.data.length);
    // The first frames lean on what is not there; ffmpeg makes sounds of them, we do not.
    const { samples } = frameFacts(mono[0] ?? join());
    const differences = Array.from(one.data, (value, i) =>
      Math.max(Math.abs(value - (two.data[2 * i] ?? 0)), Math.abs(value - (two.data[2 * i + 1] ?? 0))),
    ).slice(24 * samples);
    expect(differences.filter((difference) => difference > 0).length).toBeLessThanOrEqual(
      (ODD_FRAMES[name] ?? 0) * samples,
    );
    expect(differences.reduce((most, difference) => Math.max(most, difference), 0)).toBeLessThan(0.002);
  });
});

test('frames of two channels pass as they are, in order, and so does what is no frame', async () => {
  const two = splitFrames((await source('cbr.mp3')).bytes);
  expect(inStereo(two)).toEqual(two);
  const one = splitFrames((await source('cbr-mono-padded.mp3')).bytes);
  const junk = new Uint8Array(100);
  const mixed = [...two.slice(0, 5), ...one.slice(0, 5), ...two.slice(5, 10), junk, ...one.slice(5, 7)];
  const made = inStereo(mixed);
  expect(made).toHaveLength(mixed.length);
  for (const [n, frame] of mixed.entries())
    if (frame === junk || frameFacts(frame).channels === 2) expect(made[n]).toBe(frame);
    else expect(frameFacts(made[n] ?? join()).channels).toBe(2);
});

test('frames that lean on what was not given are silent, and as long', async () => {
  const mono = splitFrames((await source('cbr-mono-padded.mp3')).bytes);
  const leaning = mono.filter((frame) => ((frame[4] ?? 0) << 1) + ((frame[5] ?? 0) >> 7) > 0);
  const silent = Array.from({ length: 20 }, () => inStereo(leaning.slice(50, 51))).flat();
  expect(silent.map((frame) => frameFacts(frame).kbps)).toEqual(Array(20).fill(32));
  const sound = await decode(join(...silent));
  expect(rms(sound)).toBe(-Infinity);
  expect(sound.data.length).toBe(20 * 2 * 1152);
});

test('frames of all sizes become whole frames, whatever stands in their side information', () => {
  for (const version of [0xfb, 0xf3, 0xe3])
    for (let kbpsIndex = 1; kbpsIndex < 15; kbpsIndex++)
      for (const fill of [0x00, 0x55, 0xff]) {
        const header = Uint8Array.of(0xff, version, kbpsIndex << 4, 0xc0);
        const frame = new Uint8Array(frameFacts(header).size).fill(fill);
        frame.set(header);
        const made = inStereo([frame, frame, frame, frame]);
        expect(made).toHaveLength(4);
        for (const stereo of made) {
          expect(stereo.length).toBe(frameFacts(stereo).size);
          expect(frameFacts(stereo)).toMatchObject({ channels: 2, sampleRate: frameFacts(frame).sampleRate });
        }
      }
});
