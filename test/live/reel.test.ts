import { expect, test } from 'vitest';
import { copiedPictures } from '../../src/live/copied-pictures.ts';
import { PICTURE_RATE } from '../../src/live/picture-time.ts';
import { createPulse } from '../../src/live/pulse.ts';
import { createReel, type ChannelPicture, type Reel } from '../../src/live/reel.ts';
import { readFragments, type FragmentSample } from '../../src/media/fragments.ts';
import { readPictureInit } from '../../src/media/fragment-init.ts';
import { videoInit } from '../../src/media/fmp4-video.ts';
import type { PictureFacts } from '../../src/media/picture-facts.ts';
import type { Seconds } from '../../src/units.ts';

const never = new AbortController().signal;
const facts: PictureFacts = {
  ...{ codec: 'h264', config: Uint8Array.of(1, 66, 0, 30, 0xff, 0xe0, 0), width: 320, height: 180 },
  ...{ pixelAspect: [1, 1], rotation: 0, rate: 25, colour: null },
};
const stretch = { facts, epoch: 0, epochAt: 0, isBroken: false };
const ticks = (seconds: Seconds): number => Math.round(seconds * PICTURE_RATE);

/** A scene from `from` on, each picture shown `shift` after it is decoded. */
const scene = (from: Seconds, count: number, shift: Seconds = 0): ChannelPicture[] =>
  Array.from({ length: count }, (_, index) => {
    const decodedAt = ticks(from + index / 25);
    return { bytes: Uint8Array.of(index), decodedAt, shownAt: decodedAt + ticks(shift), isKey: index === 0 };
  });

const reelOf = (...scenes: readonly ChannelPicture[][]): Reel => {
  const reel = createReel(createPulse());
  for (const pictures of scenes) reel.add(pictures, stretch);
  return reel;
};

test('pictures of a channel that began anew are not old ones', () => {
  const reel = reelOf(scene(3600, 50));
  reel.add(scene(10, 50), stretch);
  expect(reel.last()?.decodedAt).toBe(ticks(10 + 49 / 25));
  expect(reel.scenes()).toHaveLength(1);
});

test('thousands of key pictures at once take no time', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => scene(index / 1000, 1)).flat();
  const reel = createReel(createPulse());
  const startedAt = performance.now();
  reel.add(keys, stretch);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(reel.scenes()).toHaveLength(10_000);
});

const CHUNK: Seconds = 2;
const init = readPictureInit(
  videoInit({ ...facts, config: facts.config ?? new Uint8Array(), timescale: PICTURE_RATE, duration: null }),
);

type Standing = Parameters<typeof copiedPictures>[0]['standing'];

interface Made {
  readonly bytes: Buffer;
  readonly standing: Standing;
}

/** Chunk `index` of what `reel` has, once there is sound for long behind it. */
async function made(reel: Reel, index: number, standing: Standing): Promise<Made> {
  const [from, to] = [index, index + 1].map((at) => at * CHUNK * 48_000) as [number, number];
  const sound = { known: () => 3600 * 48_000, at: () => null };
  const pieces = copiedPictures({ facts, from, to, scenesFrom: from, standing }, reel, sound, never);
  const parts: Uint8Array[] = [];
  for (let next = await pieces.next(); ; next = await pieces.next()) {
    if (next.done === true) return { bytes: Buffer.concat(parts), standing: next.value };
    parts.push(next.value);
  }
}

/** Of the first chunks, by one maker. */
async function chunksOf(reel: Reel, count: number): Promise<readonly Made[]> {
  const all: Made[] = [];
  for (let index = 0; index < count; index++) all.push(await made(reel, index, all.at(-1)?.standing ?? null));
  return all;
}

function samplesIn(chunks: readonly Made[]): readonly FragmentSample[] {
  if (init === null) throw new Error('no track');
  return chunks.flatMap(({ bytes }) => readFragments(bytes, init));
}

test('what stands never lasts for longer than its chunk', async () => {
  // Its next key picture is decoded before a chunk ends, and shown behind it.
  const reel = reelOf(scene(0, 13), scene(1.95, 60, 0.1));
  const samples = samplesIn(await chunksOf(reel, 3));
  for (const [index, { at: begin, duration }] of samples.entries()) {
    const next = samples[index + 1];
    expect(duration).toBeLessThan(CHUNK + 0.001);
    if (next !== undefined) expect(begin + duration).toBeLessThan(next.at + 0.001);
  }
});
