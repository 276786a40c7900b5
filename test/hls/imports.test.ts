import { expect, test } from 'vitest';
import { importsAt, readImports, withImports, writeImports } from '../../src/hls/imports.ts';

const VARIABLES = new Map([
  ['token', 'a b&c=/?#'],
  ['host', 'cdn-é.test'],
]);

test('what may be imported travels as text, and in the fragment of an address', () => {
  const text = writeImports(VARIABLES) ?? '';
  expect(text).toMatch(/^[\w-]+$/);
  expect(readImports(text)).toEqual(VARIABLES);
  const address = withImports('https://a.test/v.m3u8?q=1', text);
  expect(new URL(address).search).toBe('?q=1');
  expect(importsAt(address)).toEqual({ text, variables: VARIABLES });
  expect(importsAt('https://a.test/v.m3u8#t=10')).toEqual({ text: null, variables: new Map() });
});

test('nothing is written of no variables, of too many, and of those that would break a line', () => {
  expect(writeImports(new Map())).toBeNull();
  expect(writeImports(new Map([['x', 'y'.repeat(1000)]]))).toBeNull();
  expect(writeImports(new Map([['x', 'a\n#EXT-X-KEY']]))).toBeNull();
  expect(writeImports(new Map([['x y', 'a']]))).toBeNull();
});

test.each(['', 'AAAA', encoded({ x: 'y' }), encoded([['x', 1]]), encoded([['x', 'a\nb']]), 'A'.repeat(2000)])(
  'what it did not write is refused: %s',
  (text) => {
    expect(() => readImports(text)).toThrow(expect.objectContaining({ code: 'PLAYLIST_INVALID' }));
  },
);

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
