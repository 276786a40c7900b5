import { expect, test } from 'vitest';
import { shownAt, withShown, type ShownChunk } from '../../src/live/shown-record.ts';

const SAMPLES = 76_800;
const TICKS = 144_000;

const chunk = (index: number, late = 0, ticks = TICKS): ShownChunk => ({
  index,
  bytes: 20_000,
  span: ticks === 0 ? null : { from: index * TICKS + late, to: index * TICKS + late + ticks },
});

test('a head tells from when to when each of its newest chunks has pictures', () => {
  const chunks = [chunk(7, 900), chunk(8, -1_200, 180_000), chunk(9, 0, 0), chunk(12)];
  const record = withShown(undefined, chunks, SAMPLES, 0);
  const spans = [6, 7, 8, 9, 10, 11, 12, 13].map((index) => shownAt(record, index, SAMPLES));
  const [seventh, eighth, , twelfth] = chunks.map(({ span }) => span);
  expect(spans).toEqual([null, seventh, eighth, null, null, null, twelfth, null]);
  expect(record).toMatchObject({ bytes: 80_000, ticks: 2 * TICKS + 180_000, peakBits: 100_000 });
  expect(withShown(record, [chunk(8)], SAMPLES, 0)).toBe(record);
});

test('what nobody may go back to any more is forgotten, and so is what is half an hour old', () => {
  const many = Array.from({ length: 2_000 }, (_, index) => chunk(index));
  const record = withShown(undefined, many, SAMPLES, 0);
  expect(record.spans.length / 8).toBe(1_200);
  expect([shownAt(record, 799, SAMPLES), shownAt(record, 800, SAMPLES)]).toEqual([null, chunk(800).span]);
  const later = withShown(record, [chunk(2_000)], SAMPLES, 1_990);
  expect([later.first, later.spans.length / 8]).toEqual([1_990, 11]);
  expect(shownAt(withShown(later, [chunk(9_000)], SAMPLES, 0), 9_000, SAMPLES)).toEqual(chunk(9_000).span);
});
