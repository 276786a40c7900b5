import { describe, expect, test } from 'vitest';
import { ladderOf, layPictures, linesOf, shownAt } from '../../src/grid/picture.ts';

const HD = { width: 1920, height: 1080 };
const sizes = (picture: { width: number; height: number }, rate = 25): string[] =>
  ladderOf(picture, rate).map(({ lines, width, height }) => `${lines}: ${width}x${height}`);

describe('the ladder', () => {
  test('has nothing above the source', () => {
    expect(sizes(HD)).toEqual(['1080: 1920x1080', '720: 1280x720', '480: 854x480', '360: 640x360', '240: 426x240']);
    expect(sizes({ width: 854, height: 480 })).toEqual(['480: 854x480', '360: 640x360', '240: 428x240']);
  });

  test('counts lines of 16:9, whichever way up and however wide', () => {
    expect(linesOf({ width: 1920, height: 804 })).toBe(1080);
    expect(sizes({ width: 1080, height: 1920 })[1]).toBe('720: 720x1280');
    expect(sizes({ width: 1920, height: 804 })[1]).toBe('720: 1280x536');
  });

  test('has one rung for a source that is smaller than all', () => {
    expect(sizes({ width: 161, height: 121 })).toEqual(['122: 162x122']);
  });

  test.each([
    [23.976, '24000/1001'],
    [25, '25000/1000'],
    [29.97, '30000/1001'],
    [59.94, '30000/1001'],
    [50, '25000/1000'],
    [120, '30000/1000'],
    [27.3, '30000/1001'],
    [15, '15000/1000'],
    [Infinity, '30000/1000'],
  ])('gives %d frames a second as %s where pictures are small', (rate, expected) => {
    const { num, den } = ladderOf(HD, rate)[2]?.rate ?? { num: 0, den: 1 };
    expect(`${num}/${den}`).toBe(expected);
  });

  test('keeps fast pictures fast where they are large', () => {
    const [large, , small] = ladderOf(HD, 59.94);
    expect([large?.rate.num, small?.rate.num]).toEqual([60_000, 30_000]);
    expect([large?.level, small?.level]).toEqual([42, 31]);
  });
});

describe('the timeline', () => {
  test('cuts at the first frame at or after every six seconds', () => {
    const timeline = layPictures({ num: 30_000, den: 1001 }, { start: 0, duration: 20.02, rate: 29.97 });
    expect([0, 1, 2, 3, 4].map((index) => timeline.startOf(index))).toEqual([0, 180, 360, 540, 600]);
    expect(shownAt(timeline, 600)).toBeCloseTo(20.02, 9);
  });

  test('is in step with the frames of the source, and begins at 0 all the same', () => {
    const timeline = layPictures({ num: 25_000, den: 1000 }, { start: 0.007, duration: 14.007, rate: 25 });
    expect(timeline.frames).toBe(350);
    expect([0, 1, 350].map((frame) => shownAt(timeline, frame))).toEqual([0, 0.047, 14.007]);
    expect(timeline.startOf(1)).toBe(150);
  });

  test('cuts twice the rate where the rate is cut', () => {
    const source = { start: 0.02, duration: 100, rate: 59.94 };
    const [once, twice] = [1, 2].map((times) => layPictures({ num: 30_000 * times, den: 1001 }, source));
    for (let index = 0; index < 17; index++) expect(twice?.startOf(index)).toBe(2 * (once?.startOf(index) ?? NaN));
  });

  test('of any length and rate covers all frames, none of them twice', () => {
    for (const num of [10_000, 12_500, 24_000, 25_000, 30_000, 60_000])
      for (const den of [1000, 1001])
        for (let duration = 0.01; duration < 40; duration += 0.37) {
          const timeline = layPictures({ num, den }, { start: (duration * 7) % 0.1, duration, rate: num / den });
          const starts = Array.from({ length: timeline.segments + 1 }, (_, index) => timeline.startOf(index));
          expect([starts[0], starts.at(-1)]).toEqual([0, timeline.frames]);
          expect(starts.every((start, index) => index === 0 || start > (starts[index - 1] ?? NaN))).toBe(true);
        }
  });
});
