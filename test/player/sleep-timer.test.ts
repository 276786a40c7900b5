import { expect, test } from 'vitest';
import { createSleepTimer } from '../../player/element/sleep-timer.ts';

/** A playback whose clock is turned by hand; times in milliseconds, places in seconds. */
function bed({ rate = 1 } = {}) {
  const state = { now: 0, position: 0, level: 1, stops: 0, ticking: false };
  let tick = (): void => undefined;
  const timer = createSleepTimer({
    now: () => state.now,
    position: () => state.position,
    rate: () => rate,
    chapterEnd: () => (state.position < 100 ? 100 : state.position < 200 ? 200 : null),
    fade: (level) => (state.level = level),
    stop: () => state.stops++,
    repeat(then) {
      [tick, state.ticking] = [then, true];
      return () => (state.ticking = false);
    },
  });
  /** Plays on for so many seconds of the clock. */
  const play = (seconds: number): void => {
    for (let i = 0; i < seconds * 4; i++) {
      state.now += 250;
      state.position += 0.25 * rate;
      if (state.ticking) tick();
    }
  };
  return { state, timer, play };
}

test('after the minutes that were chosen it fades out, stops once, and gives the volume back', () => {
  const { state, timer, play } = bed();
  timer.choose(5);
  play(5 * 60 - 8);
  expect(state).toMatchObject({ level: 1, stops: 0 });
  play(4);
  expect(state.level).toBeCloseTo(0.5, 1);
  expect(timer.remaining()).toBe(4000);
  play(60);
  expect(state).toMatchObject({ level: 1, stops: 1, ticking: false });
  expect(timer.choice()).toBeNull();
});

test('the end of the chapter comes sooner at a higher speed, and moves with a jump', () => {
  const { state, timer, play } = bed({ rate: 2 });
  timer.choose('chapter');
  expect(timer.remaining()).toBe(50_000);
  play(10);
  state.position = 150;
  play(1);
  expect(timer.remaining()).toBe(24_000);
  play(30);
  expect(state.stops).toBe(1);
  expect(state.position).toBeGreaterThan(200);
});

test('another choice takes the place of the first, and none undoes the fading', () => {
  const { state, timer, play } = bed();
  timer.choose(5);
  play(5 * 60 - 2);
  expect(state.level).toBeLessThan(0.3);
  timer.choose(10);
  expect(state.level).toBe(1);
  timer.choose(null);
  play(3600);
  expect(state.stops).toBe(0);
});

test('the end of the episode needs no clock', () => {
  const { state, timer, play } = bed();
  timer.choose('episode');
  play(600);
  expect(timer.remaining()).toBeNull();
  expect(state).toMatchObject({ stops: 0, level: 1 });
});
