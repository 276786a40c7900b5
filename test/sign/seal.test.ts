import { expect, test } from 'vitest';
import { canonicalSource, sealSource, unsealSource } from '../../src/sign/seal.ts';

const secret = Buffer.alloc(32, 7);
const other = Buffer.alloc(32, 8);
const URL_ = 'https://cdn.example/private/a.mp3?token=xyz';
const INVALID = expect.objectContaining({ code: 'LINK_INVALID' }) as Error;

test('a sealed source opens with its own key only, and not after any change', () => {
  const sealed = sealSource(URL_, secret, true);
  expect(unsealSource(sealed, secret)).toBe(URL_);
  expect(() => unsealSource(sealed, other)).toThrow(INVALID);
  const bytes = Buffer.from(sealed.slice(1), 'base64url');
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(() => unsealSource(`~${changed.toString('base64url')}`, secret)).toThrow(INVALID);
    expect(() => unsealSource(`~${bytes.subarray(0, i).toString('base64url')}`, secret)).toThrow(INVALID);
  }
});

test('a segment has one spelling', () => {
  const plain = sealSource('https://a.test/x', secret, false);
  const sealed = sealSource('https://a.test/x', secret, true);
  for (const segment of [
    `${plain}=`,
    `${plain}!`,
    ` ${plain}`,
    `~${plain}`,
    `~${sealed}`,
    `${sealed}=`,
    sealed.slice(1),
  ]) {
    expect(() => unsealSource(segment, secret), segment).toThrow();
  }
});

test('a segment that stands for no source URL is refused', () => {
  for (const text of ['', 'x', 'file:///etc/passwd', '\0', 'http://']) {
    expect(() => unsealSource(Buffer.from(text).toString('base64url'), secret)).toThrow(
      expect.objectContaining({ code: 'SOURCE_URL_INVALID' }) as Error,
    );
  }
});

test('the canonical spelling is a fixed point', () => {
  for (const text of ['HTTP://A.test:80/%7e/ä#x', 's3://Bucket/Key with blank', 'https://a.test?x=%zz']) {
    const once = canonicalSource(text);
    expect(canonicalSource(once)).toBe(once);
  }
});
