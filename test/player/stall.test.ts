import { expect, test } from 'vitest';
import { createStallWatch } from '../../player/core/stall.ts';
import type { Look } from '../../player/core/stall.ts';

const look = (second: number, changes: Partial<Look> = {}): Look => ({
  now: second * 1000,
  isStarved: true,
  isIdle: false,
  position: 0,
  bufferedEnd: 0,
  ...changes,
});

/** The second at which a watch that is asked every second first says that it stalled. */
function stallSecond(at: (second: number) => Partial<Look>): number | null {
  const watch = createStallWatch();
  for (let second = 0; second < 120; second++) if (watch.look(look(second, at(second)))) return second;
  return null;
}

test('audio that moves has not stalled', () => {
  expect(stallSecond((second) => ({ position: second }))).toBeNull();
});

test('audio that stands still has stalled after 8 seconds', () => {
  expect(stallSecond((second) => ({ position: Math.min(second, 10) }))).toBe(18);
});

test('a first load may take 20 seconds', () => {
  expect(stallSecond(() => ({}))).toBe(20);
});

test('a browser that does not even ask for data is waited for 3 seconds', () => {
  expect(stallSecond(() => ({ isIdle: true }))).toBe(3);
  expect(stallSecond(() => ({ isIdle: true, isStarved: false }))).toBeNull();
});

test('a buffer that grows is not a stall', () => {
  expect(stallSecond((second) => ({ position: Math.min(second, 10), bufferedEnd: second }))).toBeNull();
});

test('audio that has data, or that nobody wants, has not stalled', () => {
  expect(stallSecond(() => ({ isStarved: false }))).toBeNull();
});

test('a page that slept starts counting anew', () => {
  const watch = createStallWatch();
  watch.look(look(0));
  watch.look(look(1));
  expect(watch.look(look(3600))).toBe(false);
  expect(watch.look(look(3601))).toBe(false);
});
