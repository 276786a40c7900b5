import { expect, test } from 'vitest';
import { contentRange, parseContentRange, parseRange, rangeHeader, unsatisfiedRange } from '../../src/net/range.ts';

const part = (start: number, end: number) => ({ kind: 'part', range: { start, end } });
const WHOLE = { kind: 'whole' };
const NONE = { kind: 'unsatisfiable' };

test.each([
  ['bytes=0-', part(0, 200)],
  ['bytes=0-0', part(0, 1)],
  ['bytes=0-1', part(0, 2)],
  ['bytes=10-19', part(10, 20)],
  ['bytes=199-', part(199, 200)],
  ['bytes=199-199', part(199, 200)],
  ['bytes=0-199', part(0, 200)],
  ['bytes=0-999', part(0, 200)],
  ['bytes=150-99999999999999999999999', part(150, 200)],
  ['bytes=-1', part(199, 200)],
  ['bytes=-200', part(0, 200)],
  ['bytes=-201', part(0, 200)],
  ['bytes=-99999999999999999999999', part(0, 200)],
  ['bytes=007-009', part(7, 10)],
  ['BYTES=0-9', part(0, 10)],
  ['bytes= 0-9', part(0, 10)],
  ['bytes=0-9 , ', part(0, 10)],
  ['bytes=,0-9', part(0, 10)],
])('%s is the part of 200 bytes that it asks for (RFC 9110 14.1.2)', (header, expected) => {
  expect(parseRange(header, 200)).toEqual(expected);
});

test.each(['bytes=200-', 'bytes=200-300', 'bytes=-0', 'bytes=-00', 'bytes=99999999999999999999999-'])(
  '%s cannot be satisfied from 200 bytes (RFC 9110 14.1.2)',
  (header) => {
    expect(parseRange(header, 200)).toEqual(NONE);
  },
);

test.each([undefined, '', 'bytes', 'bytes=', 'bytes=-', 'bytes=,', 'bytes=5', 'bytes=9-5', 'bytes=a-b', 'bytes=0-b',
  'bytes=0x0-9', 'bytes=+0-9', 'bytes=--9', 'bytes=0--9', 'bytes=0- 9', 'bytes=0 -9', 'bytes =0-9', ' bytes=0-9',
  'bytes=1.5-9', 'bytes=1e1-20', 'bytes=٠-٩', 'bytes:0-9', 'items=0-9', 'seconds=0-9', 'none', 'bytes=0-0,5-9',
  'bytes=0-0,-1', 'bytes=0-0,0-0', 'bytes=200-,0-1', 'bytes=0-9;x', 'bytes=0-9\n']) // prettier-ignore
('the whole is given for a header that must be ignored: %j', (header) => {
  expect(parseRange(header, 200)).toEqual(WHOLE);
});

test('nothing has no parts, and its suffix is the whole', () => {
  expect(parseRange('bytes=0-', 0)).toEqual(NONE);
  expect(parseRange('bytes=0-0', 0)).toEqual(NONE);
  expect(parseRange('bytes=-0', 0)).toEqual(NONE);
  expect(parseRange('bytes=-5', 0)).toEqual(WHOLE);
});

test('what is written can be read back', () => {
  for (const [start, end, size] of [
    [0, 1, 1],
    [0, 200, 200],
    [199, 200, 200],
    [7, 9, 2 ** 45],
  ] as const) {
    // prettier-ignore
    const range = { start, end };
    expect(parseRange(rangeHeader(start, end), size)).toEqual(part(start, end));
    expect(parseContentRange(contentRange(range, size))).toEqual({ range, size });
  }
});

test('half-open ranges are written in the inclusive form of HTTP', () => {
  expect(contentRange({ start: 0, end: 100 }, 200)).toBe('bytes 0-99/200');
  expect(unsatisfiedRange(200)).toBe('bytes */200');
  expect(rangeHeader(0, 100)).toBe('bytes=0-99');
  expect(rangeHeader(5)).toBe('bytes=5-');
});

test('an empty range cannot be asked for', () => {
  expect(() => rangeHeader(5, 5)).toThrow(expect.objectContaining({ code: 'INTERNAL' }) as Error);
});

test('a Content-Range may leave the size open', () => {
  expect(parseContentRange('bytes 0-99/*')).toEqual({ range: { start: 0, end: 100 }, size: null });
});

test.each([undefined, '', 'bytes */200', 'bytes 0-99', 'bytes 0-200/200', 'bytes 9-5/200', 'bytes=0-99/200',
  'items 0-99/200', 'bytes 0-/200', 'bytes -5/200', 'bytes 0-99/200x', 'bytes 0-99999999999999999999/*',
  'bytes 0-0/0']) // prettier-ignore
('an impossible Content-Range is none: %j', (header) => {
  expect(parseContentRange(header)).toBeNull();
});
