import { expect, test } from 'vitest';
import { splitReload, withReload } from '../../src/hls/reload.ts';

test.each([
  ['_HLS_msn=0', true],
  ['_HLS_msn=123456789012', true],
  ['_HLS_msn=17&_HLS_part=3', true],
  ['_HLS_msn=17&_HLS_part=0&_HLS_skip=YES', true],
  ['_HLS_msn=17&_HLS_skip=v2', true],
  ['_HLS_skip=YES', false],
])('%s is taken off', (query, isBlocking) => {
  expect(splitReload(`/a?${query}`)).toEqual({ path: '/a', reload: { query, isBlocking } });
  const { reload } = splitReload(`/a?${query}`);
  expect(withReload('https://a.test/m.m3u8', reload)).toBe(`https://a.test/m.m3u8?${query}`);
  expect(withReload('https://a.test/m.m3u8?x=%2F', reload)).toBe(`https://a.test/m.m3u8?x=%2F&${query}`);
});

test.each([
  '',
  '_HLS_msn=',
  '_HLS_msn=01',
  '_HLS_msn=-1',
  '_HLS_msn=1.5',
  '_HLS_msn=1&_HLS_msn=2',
  '_HLS_part=3',
  '_HLS_part=3&_HLS_msn=17',
  '_HLS_msn=17&',
  '&_HLS_msn=17',
  '_HLS_skip=yes',
  '_HLS_skip=YES&_HLS_msn=1',
  '_HLS_msn=99999999999999999999',
  '_HLS_msn=1?x=1',
  '_HLS_msn=1&x=1',
  '_hls_msn=1',
  '_HLS_msn=%31',
])('%j stays', (query) => {
  expect(splitReload(`/a?${query}`)).toEqual({ path: `/a?${query}`, reload: null });
});

test('a path without a query stays', () => {
  expect(splitReload('/a')).toEqual({ path: '/a', reload: null });
});
