import { expect, test } from 'vitest';
import { createSoundClock } from '../../player/studio/sound-clock.ts';

const BLOCK_MS = 20;

test('what is shown has no place while sound has stopped, and its right one at once when it is back', () => {
  let time = 10_000;
  let soundMs = 0;
  const clock = createSoundClock(() => time);
  const hear = (blocks: number): void => {
    for (let count = 0; count < blocks; count++) {
      time += BLOCK_MS;
      soundMs += BLOCK_MS;
      clock.heard(soundMs);
    }
  };
  expect(clock.place()).toBeNull();
  hear(100);
  expect(clock.place()).toBe(soundMs);
  for (const stall of [1_000, 20_000, 3_600_000]) {
    time += 400;
    expect(clock.place()).toBe(soundMs + 400); // late, as a page is
    time += stall;
    expect(clock.place()).toBeNull();
    hear(1);
    expect(clock.place()).toBe(soundMs);
    hear(200);
  }
});

test('blocks that come late do not move it', () => {
  let time = 0;
  const clock = createSoundClock(() => time);
  for (let block = 1; block <= 200; block++) {
    const late = block % 5 === 0 ? 0 : 15;
    time = block * BLOCK_MS + late;
    clock.heard(block * BLOCK_MS);
    if (block > 5) expect(clock.place()).toBe(time);
  }
});
