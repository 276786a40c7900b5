import { expect, test } from 'vitest';
import { adtsUnits } from '../../src/encode/adts-units.ts';
import { chunkWindow } from '../../src/encode/chunk-window.ts';
import { countPacked, frameSplitter, packFrame } from '../../src/encode/packed-frames.ts';
import { planChunk } from '../../src/grid/chunk.ts';
import { layTimeline, type Timeline } from '../../src/grid/timeline.ts';
import { adtsFrames, ffmpeg, pcmArgs, randomBytes, seededRandom, tones } from '../media/sound.ts';

const SIZES = [1, 255, 256, 700, 2, 65_535, 3];
const frames = SIZES.map((size, index) => randomBytes(size, index));
const packed = Buffer.concat(frames.map(packFrame));

/** `bytes` in pieces of random sizes. */
function* pieces(bytes: Uint8Array, seed: number): Generator<Uint8Array> {
  const random = seededRandom(seed);
  for (let at = 0, size = 0; at < bytes.length; at += size) {
    size = 1 + Math.floor(random() * (seed % 2 === 0 ? 9 : 2000));
    yield bytes.subarray(at, at + size);
  }
}

const hex = (parts: readonly Uint8Array[]): string[] => parts.map((part) => Buffer.from(part).toString('hex'));

test.each([1, 2, 3, 4])('packed frames come out as they went in, however they are cut (%i)', (seed) => {
  const split = frameSplitter(null);
  const seen = [...pieces(packed, seed)].flatMap((piece) => split(piece));
  expect(hex(seen)).toEqual(hex(frames));
});

test.each([1, 2, 3])('frames of one size do, too (%i)', (seed) => {
  const even = randomBytes(160 * 7, 5);
  const split = frameSplitter(160);
  const seen = [...pieces(even, seed)].flatMap((piece) => split(piece));
  expect(seen.map(({ length }) => length)).toEqual(Array(7).fill(160));
  expect(Buffer.concat(seen).equals(even)).toBe(true);
});

test('a chunk that is not whole is known by its count', () => {
  expect(countPacked(packed)).toBe(SIZES.length);
  expect(countPacked(packed.subarray(0, -1))).toBeNull();
  expect(countPacked(packed.subarray(0, packed.length - 4))).toBeNull();
  expect(countPacked(new Uint8Array())).toBe(0);
  expect(countPacked(Uint8Array.of(0))).toBeNull();
});

test.each([0, 65_536])('no frame has %i bytes', (size) => {
  expect(() => packFrame(new Uint8Array(size))).toThrow('could not be converted');
});

const timelineOf = (codec: 'mp3' | 'opus' | 'aac'): Timeline =>
  layTimeline(
    { codec, kbps: 64, channels: 2, startMs: 0, endMs: null },
    { sampleRate: 48_000, channels: 2, samples: 48_000 },
  );

test.each([1, 2, 3])('of ADTS the units of the chunk are kept, however they come (%i)', (seed) => {
  const timeline = timelineOf('aac');
  const plan = { ...planChunk(timeline, { sampleRate: 48_000, samples: 48_000 }, 0), preroll: 3, frames: 20 };
  const adts = ffmpeg([...pcmArgs(48_000, 2), '-c:a', 'aac', '-b:a', '64k', '-f', 'adts', 'pipe:1'], tones(48_000, 2));
  const wanted = Buffer.concat(adtsFrames(adts).slice(3, 23).map(packFrame));
  for (const given of [0, 1, 500, wanted.length - 1]) {
    const window = chunkWindow(plan, timeline, given);
    const taken = Buffer.concat([...pieces(adts, seed)].map((piece) => window.take(piece)));
    expect(taken.equals(wanted.subarray(given))).toBe(true);
    expect(window.isFull()).toBe(true);
  }
});

test.each([
  ['opus', Uint8Array.of(0xfc), Uint8Array.of(0xe4)], // 20 ms, then 5 ms
  ['mp3', Uint8Array.of(0xff), Uint8Array.of(0xfe)],
] as const)('an encoder of %s that breaks its promise is noticed', (codec, good, bad) => {
  const timeline = timelineOf(codec);
  const plan = planChunk(timeline, { sampleRate: 48_000, samples: 48_000 }, 0);
  const frame = (first: Uint8Array, size = timeline.frameBytes ?? 0): Buffer =>
    Buffer.concat([first, Buffer.alloc(size - 1, 0x20)]);
  const take = (...parts: Buffer[]) => chunkWindow(plan, timeline, 0).take(Buffer.concat(parts));
  expect(take(frame(good), frame(good))).toHaveLength(2 * (timeline.frameBytes ?? 0));
  expect(() => take(frame(good), frame(bad))).toThrow('could not be converted');
  expect(() => take(frame(good), frame(good, 100), frame(good), frame(good))).toThrow('could not be converted');
});

test('what is no ADTS is noticed', () => {
  expect(() => adtsUnits()(Buffer.alloc(7))).toThrow('could not be converted');
  expect(adtsUnits()(Buffer.alloc(6))).toEqual([]);
});
