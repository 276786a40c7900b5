import { expect, test } from 'vitest';
import { publisherToken, readPublisherToken } from '../../src/sign/publisher-token.ts';
import { removeKey } from '../../src/sign/keys.ts';
import { testKeys } from '../support/baton.ts';

const keys = testKeys();
const now = 1_700_000_000;
const token = publisherToken({ channel: 'my-radio', expiresAt: now + 60 }, keys, now);

test('a token opens its channel until it expires', () => {
  expect(readPublisherToken(token, keys, now)).toEqual({ channel: 'my-radio', expiresAt: now + 60 });
  expect(() => readPublisherToken(token, keys, now + 60)).toThrow(code('PUBLISHER_EXPIRED'));
});

test('no other text does', () => {
  expect(() => readPublisherToken(token, removeKey(keys, keys.current), now)).toThrow(code('PUBLISHER_REFUSED'));
  const other = publisherToken({ channel: 'other', expiresAt: now + 60 }, keys, now);
  const mixed = token.replace('my-radio', 'other');
  expect(mixed).not.toBe(other);
  for (const text of ['', mixed, `${token}=`, `${token} `, token.slice(0, -1), token.toUpperCase(), `x${token}`])
    expect(() => readPublisherToken(text, keys, now), text).toThrow(code('PUBLISHER_REFUSED'));
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
  for (let at = 0; at < token.length; at++)
    for (const letter of letters) {
      const flipped = token.slice(0, at) + letter + token.slice(at + 1);
      if (flipped !== token) expect(() => readPublisherToken(flipped, keys, now), flipped).toThrow();
    }
});

test('a channel has a name', () => {
  for (const channel of ['', 'A', '-a', 'a/b', 'a.b', 'a'.repeat(65)])
    expect(() => publisherToken({ channel, expiresAt: now + 60 }, keys, now)).toThrow(code('OPTIONS_INVALID'));
});

const code = (name: string): Error => expect.objectContaining({ code: name }) as Error;
