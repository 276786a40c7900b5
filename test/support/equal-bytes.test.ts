import { expect, test } from 'vitest';

const bytes = Buffer.from([1, 2, 3, 4]);

test.each([
  ['one byte', Buffer.from([1, 2, 3, 5])],
  ['length', Buffer.from([1, 2, 3])],
  ['kind', Uint8Array.from(bytes)],
  ['being a list', [1, 2, 3, 4]],
])('what differs by %s is not equal, however deep it lies', (_, other) => {
  expect(bytes).not.toEqual(other);
  expect([{ bytes }]).not.toEqual([{ bytes: other }]);
  expect({ bytes, more: 1 }).not.toMatchObject({ bytes: other });
});

test('a part of a buffer equals a copy of that part, and samples equal their copy', () => {
  expect(bytes.subarray(1, 3)).toEqual(Buffer.from([2, 3]));
  expect({ bytes, more: 1 }).toMatchObject({ bytes: Buffer.from(bytes) });
  expect(Int16Array.of(-1, 300).subarray(1)).toEqual(Int16Array.of(300));
  expect(Int16Array.of(-1, 300)).not.toEqual(Int16Array.of(-1, 301));
});
