import { expect, test } from 'vitest';
import { addKey, formatKeys, newKey, parseKeys, removeKey, secretOf } from '../../src/sign/keys.ts';

const secret = (fill: number): string => Buffer.alloc(32, fill).toString('base64url');
const bytes = (fill: number) => (count: number) => new Uint8Array(count).fill(fill);
const INVALID = expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error;

test('keys are read from lines, blanks or commas, and the first one signs', () => {
  for (const gap of ['\n', ' ', ',', ' ,\r\n\t']) {
    const keys = parseKeys(`${gap}new:${secret(1)}${gap}old:${secret(2)}${gap}`);
    expect(keys.current).toBe('new');
    expect([...keys.byId.keys()]).toEqual(['new', 'old']);
    expect(secretOf(keys, 'old')).toEqual(Buffer.alloc(32, 2));
  }
});

test('what is written reads back, the current key first', () => {
  const byId = new Map([['a', Buffer.alloc(32, 1)], ['b', Buffer.alloc(40, 2)], ['c', Buffer.alloc(32, 3)]]); // prettier-ignore
  const read = parseKeys(formatKeys({ current: 'b', byId }));
  expect(read.current).toBe('b');
  expect([...read.byId.keys()]).toEqual(['b', 'a', 'c']);
  expect(secretOf(read, 'b')).toEqual(Buffer.alloc(40, 2));
});

test.each(['', ' \n', 'k1', 'k1:', `:${secret(1)}`, `K1:${secret(1)}`, `key-1:${secret(1)}`, `ninechars:${secret(1)}`,
  `k1:${secret(1)}:x`, `k1:${secret(1)}=`, `k1:${secret(1).slice(0, -1)}`, `k1:${secret(1).slice(0, -1)}F`,
  `k1:${Buffer.alloc(31).toString('base64url')}`, `k1:${secret(1)} k1:${secret(2)}`, `__proto__:${secret(1)}`,
  `k1:${Buffer.alloc(32, 0xfb).toString('base64')}`]) // prettier-ignore
('keys in a wrong form are refused: %j', (text) => {
  expect(() => parseKeys(text)).toThrow(INVALID);
});

test('a refusal never shows a secret', () => {
  const hidden = 'SECRETSECRETSECRET';
  for (const text of [`k1:${hidden}`, `k1:x:${hidden}`, `k1:${hidden}!`, `k1:${secret(1)} k1:${hidden}`, hidden]) {
    let detail = '';
    try {
      parseKeys(text);
    } catch (thrown) {
      detail = JSON.stringify(thrown) + (thrown as { detail: string }).detail;
    }
    expect(detail).not.toBe('');
    expect(detail).not.toContain(hidden);
  }
});

test('a new key comes from the randomness it is given', () => {
  const key = newKey(bytes(35));
  expect(key.kid).toBe('zzzzzzzz');
  expect(key.secret).toEqual(new Uint8Array(32).fill(35));
  expect(newKey(bytes(0)).kid).toMatch(/^[a-z0-9]{8}$/);
});

test('rotation: the added key signs, the removed one is forgotten, and one must be left', () => {
  const first = parseKeys(`old:${secret(1)}`);
  const both = addKey(first, { kid: 'new', secret: Buffer.alloc(32, 2) });
  expect(both.current).toBe('new');
  expect([...both.byId.keys()]).toEqual(['new', 'old']);
  expect(removeKey(both, 'old')).toMatchObject({ current: 'new' });
  expect(removeKey(both, 'new')).toMatchObject({ current: 'old' });
  expect(first.byId.size).toBe(1);
  expect(() => removeKey(first, 'old')).toThrow(INVALID);
  expect(() => removeKey(both, 'other')).toThrow(INVALID);
  expect(() => addKey(both, { kid: 'old', secret: Buffer.alloc(32) })).toThrow(INVALID);
  expect(() => addKey(both, { kid: 'weak', secret: Buffer.alloc(31) })).toThrow(INVALID);
  expect(() => addKey(both, { kid: 'BAD', secret: Buffer.alloc(32) })).toThrow(INVALID);
});
