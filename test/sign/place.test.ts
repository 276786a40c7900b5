import { expect, test } from 'vitest';
import { parseKeys } from '../../src/sign/keys.ts';
import { KINDS, privateLink, publicLink, readLink, readStrippedLink, type LinkContent } from '../../src/sign/link.ts';
import { linkReader } from '../../src/sign/reader.ts';

const NOW = 1_795_500_000;
const keys = parseKeys(`k1:${Buffer.alloc(32, 1).toString('base64url')}`);
const content: LinkContent = {
  kind: 'file',
  options: 'codec.aac~bitrate.96k',
  source: 'https://cdn.example/a.mp3',
  name: 'a.mp4',
};
const path = publicLink(content, keys);
const stripped = path.replace(/^\/(\w+)\/(\w+)\.[^/]+\//, '/$1/$2/');
const code = (of: string): string => {
  try {
    return readLink(of, keys, NOW).place ?? 'no place';
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
};

test.each(['t.0', 't.1234', 'r.1b.01234567.abc_-', 'a', '...', '~', 'x'.repeat(128)])(
  'whoever has a link may ask for the place %s in it',
  (place) => {
    expect(readLink(`${path}/${place}`, keys, NOW)).toEqual({ ...readLink(path, keys, NOW), place });
    expect(readStrippedLink(`${stripped}/${place}`, keys)).toEqual({ ...readLink(path, keys, NOW), place });
    for (const trustEdge of [false, true])
      expect(linkReader(keys, { trustEdge })(`${path}/${place}`, NOW)).toMatchObject({ ...content, place });
    expect(linkReader(keys, { trustEdge: true })(`${stripped}/${place}`, NOW)).toMatchObject({ ...content, place });
  },
);

test.each(['', '.', '..', 'a/b', 'a/', '%41', 'a b', 'ä', 'a\n', 'a?b', 'a#b', 'x'.repeat(129)])(
  '%j is no place',
  (place) => {
    expect(code(`${path}/${place}`)).toBe('LINK_INVALID');
    expect(readStrippedLink(`${stripped}/${place}`, keys)).toBeNull();
  },
);

test('a place vouches for nothing: the link before it must be good', () => {
  expect(code(path)).toBe('no place');
  expect(code(`${path.replace('a.mp4', 'b.mp4')}/t.0`)).toBe('LINK_INVALID');
  const old = privateLink(content, { expiresAt: NOW - 1, scope: 'x' }, keys, NOW - 9);
  expect(code(`${old}/t.0`)).toBe('LINK_EXPIRED');
});

test('a link of the longest length has room for a place', () => {
  const longest = 'a'.repeat(8_000 - path.length);
  const long = publicLink({ ...content, name: `${longest}a.mp4` }, keys);
  expect(long).toHaveLength(8_000);
  expect(code(`${long}/${'x'.repeat(128)}`)).toBe('x'.repeat(128));
  expect(code(`${long}a/t.0`)).toBe('LINK_INVALID');
});

test('only files, channels, HLS and pages have places', () => {
  for (const kind of KINDS) {
    const other = publicLink({ ...content, kind }, keys);
    const hasPlaces = ['file', 'live', 'hls', 'embed'].includes(kind);
    expect(code(`${other}/t.0`)).toBe(hasPlaces ? 't.0' : 'NOT_FOUND');
    const read = linkReader(keys, { trustEdge: false });
    expect(read(other, NOW).place).toBeNull(); // and remembered
    if (!hasPlaces) expect(() => read(`${other}/t.0`, NOW)).toThrow('nothing at this address');
  }
});

test('a reader remembers a link once for all its places, and its expiry is checked at each', () => {
  const read = linkReader(keys, { trustEdge: false });
  const soon = privateLink(content, { expiresAt: NOW + 600, scope: 'x' }, keys, NOW);
  const first = read(soon, NOW);
  for (let ms = 0; ms < 2_000; ms++) expect(read(`${soon}/t.${ms}`, NOW)).toEqual({ ...first, place: `t.${ms}` });
  expect(read(soon, NOW)).toBe(first);
  expect(() => read(`${soon}/t.0`, NOW + 601)).toThrow('expired');
});
