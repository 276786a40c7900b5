import { expect, test } from 'vitest';
import { backoffMs } from '../../player/core/backoff.ts';

test('waits double from 0.2 to 8 seconds and stay there', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 50].map((attempt) => backoffMs(attempt, () => 1));
  expect(longest).toEqual([400, 800, 1600, 3200, 6400, 8000, 8000, 8000]);
});

test('chance spreads a wait over its upper half, never below 0.2 seconds', () => {
  expect(backoffMs(0, () => 0)).toBe(200);
  expect(backoffMs(5, () => 0)).toBe(4000);
  expect(backoffMs(5, () => 0.5)).toBe(6000);
});
