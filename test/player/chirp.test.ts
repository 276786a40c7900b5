import { expect, test } from 'vitest';
import { RATE, chirpPcm, hear } from './chirp.ts';

const CHIRP = { seconds: 20 };
const recording = (from = 0, to = 20): Float32Array =>
  Float32Array.from(chirpPcm(CHIRP, from * RATE, to * RATE), (sample) => sample / 32768);
const laid = (...parts: readonly Float32Array[]): Float32Array => Float32Array.from(parts.flatMap((part) => [...part]));

test('the chirp itself is heard without damage, wherever a recording begins', () => {
  expect(hear(recording(), CHIRP, { at: 0 })).toMatchObject({ damagedMs: 0, silentMs: 0 });
  const late = hear(recording(5), CHIRP, { at: 5.01 });
  expect(late.damagedMs).toBe(0);
  expect(late.from).toBeCloseTo(5, 4);
});

test('minutes of it are measured too', () => {
  const long = { seconds: 160 };
  const samples = Float32Array.from(chirpPcm(long, 0, long.seconds * RATE), (sample) => sample / 32768);
  samples.copyWithin(150 * RATE + 1024, 150 * RATE);
  const { damagedMs, firstDamage, worst } = hear(samples, long, { at: 0 });
  expect(damagedMs).toBeGreaterThan(9000);
  expect(firstDamage).toBeCloseTo(150, 1);
  expect(worst).toBeGreaterThan(1);
});

test('a pause is silence, and no damage', () => {
  const { damagedMs, silentMs } = hear(laid(recording(0, 10.001), new Float32Array(4800), recording(10.001)), CHIRP, {
    at: 0,
  });
  expect({ damagedMs, silentMs }).toEqual({ damagedMs: 0, silentMs: 100 });
});

test.each([
  ['lost', [recording(0, 10), recording(10 + 1024 / RATE)]],
  ['repeated', [recording(0, 10), recording(10 - 1024 / RATE)]],
  ['lost, a single one', [recording(0, 10), recording(10 + 1 / RATE)]],
])('sound that is %s trips the measure', (_, parts) => {
  expect(hear(laid(...parts), CHIRP, { at: 0 }).damagedMs).toBeGreaterThan(1000);
});

test('one wrong frame trips it', () => {
  const sound = recording();
  sound.set(recording(11, 11 + 1024 / RATE), 10 * RATE);
  expect(hear(sound, CHIRP, { at: 0 }).damagedMs).toBeGreaterThan(10);
});
