import { expect, test } from 'vitest';
import { clockText, spokenTime } from '../../player/time-text.ts';

test.each([
  [0, 0, '0:00'],
  [59.99, 600, '0:59'],
  [600, 600, '10:00'],
  [3599, 3599, '59:59'],
  [65, 3600, '0:01:05'],
  [3661, 7200, '1:01:01'],
  [Number.NaN, 60, '-:--'],
  [5, Number.NaN, '0:05'],
])('the clock shows %s s of %s s as %s', (seconds, of, text) => {
  expect(clockText(seconds, of)).toBe(text);
});

test.each([
  [0, '0 seconds'],
  [1, '1 second'],
  [61, '1 minute 1 second'],
  [3600, '1 hour'],
  [7384.9, '2 hours 3 minutes 4 seconds'],
  [Infinity, 'unknown time'],
])('%s s are spoken as "%s"', (seconds, text) => {
  expect(spokenTime(seconds, 'en', 'unknown time')).toBe(text);
});

test('time is spoken in the language of the player', () => {
  expect(spokenTime(3661, 'de', '')).toBe('1 Stunde, 1 Minute und 1 Sekunde');
  expect(spokenTime(7200, 'fr', '')).toBe('2\u00a0heures');
  expect(spokenTime(0, 'ja', '')).toBe('0 秒');
});
