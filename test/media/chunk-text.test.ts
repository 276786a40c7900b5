import { expect, test } from 'vitest';
import { chunkText } from '../../src/media/chunk-text.ts';
import { flacHead } from '../../src/media/flac-head.ts';
import { readRiffInfo } from '../../src/media/wave.ts';

const LONG = 262_000;
const latin = Buffer.alloc(LONG, 0xe9);

test.each([
  ['UTF-8', Buffer.from(' Töne\0more'), 'Töne'],
  ['Latin-1', Buffer.from(' Töne\0more', 'latin1'), 'Töne'],
  ['nothing', Buffer.alloc(0), ''],
])('a text may be %s', (_, bytes, text) => {
  expect(chunkText(bytes)).toBe(text);
});

test('a text may be as long as what is read of a chunk', () => {
  expect(chunkText(latin)).toHaveLength(LONG);
  const head = Buffer.from('INFOINAM\0\0\0\0');
  head.writeUInt32LE(LONG, 8);
  expect(readRiffInfo(Buffer.concat([head, latin]))?.title).toMatch(/^é/);
});

test('of a block that is longer than STREAMINFO only that goes to the decoder', () => {
  const info = Buffer.alloc(LONG);
  info.set([0x10, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0xc4, 0x42, 0xf0]);
  expect(flacHead(info, null)).toEqual(flacHead(info.subarray(0, 34), null));
  expect(flacHead(info, null)).toHaveLength(42);
});
