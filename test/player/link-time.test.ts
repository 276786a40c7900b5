import { expect, test } from 'vitest';
import { splitPlace, timeInHash } from '../../player/element/link-time.ts';
import { atTime } from '../../player/element/time-link.ts';

test.each([
  ['#t=90', 90],
  ['#t=90s', 90],
  ['#t=1:30', 90],
  ['#t=1:02:03', 3723],
  ['#t=1h2m3s', 3723],
  ['#t=2m', 120],
  ['#t=1h', 3600],
  ['#t=12.5', 12.5],
  ['#t=npt:10', 10],
  ['#t=10,20', 10],
  ['#chapter&t=5', 5],
  ['t=0', 0],
  ['#t=', null],
  ['#t=abc', null],
  ['#t=-5', null],
  ['#t=1:99:1', null],
  ['#top', null],
  ['', null],
])('the fragment "%s" names second %s', (hash, seconds) => {
  expect(timeInHash(hash)).toBe(seconds);
});

test('a link to a moment comes back as that moment, without another fragment', () => {
  const link = atTime('https://example.org/show?e=1#comments', 3723.9);
  expect(link).toBe('https://example.org/show?e=1#t=3723');
  expect(splitPlace(link)).toEqual({ src: 'https://example.org/show?e=1', at: 3723 });
  expect(splitPlace('a.mp3#part')).toEqual({ src: 'a.mp3#part', at: null });
});
