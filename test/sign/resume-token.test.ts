import { expect, test } from 'vitest';
import { parseKeys } from '../../src/sign/keys.ts';
import { publicLink, privateLink, readLink, type Link } from '../../src/sign/link.ts';
import { readResumeToken, resumeToken, shortVersion } from '../../src/sign/resume-token.ts';

const NOW = 1_795_500_000;
const keys = parseKeys(
  `k1:${Buffer.alloc(32, 1).toString('base64url')} k2:${Buffer.alloc(32, 2).toString('base64url')}`,
);
const content = { kind: 'file', options: 'codec.aac~bitrate.96k', source: 'https://cdn.example/a.mp3', name: 'a.mp4' };
const linkTo = (part: object = {}): Link => readLink(publicLink({ ...content, ...part } as never, keys), keys, NOW);
const link = linkTo();
const version = shortVersion('0123456789abcdef0123456789abcdef');
const invalid = expect.objectContaining({ code: 'LINK_INVALID' }) as Error;

test.each([0, 1, 35, 36, 12_345, 36 ** 9 - 1])('a token for frame %d fits a place and reads back', (frame) => {
  const token = resumeToken({ frame, version }, link, keys);
  expect(`r.${token}`).toMatch(/^[A-Za-z0-9._~-]{1,128}$/);
  expect(readResumeToken(token, link, keys)).toEqual({ frame, version });
  expect(resumeToken({ frame, version }, link, keys)).toBe(token);
});

test('a private link takes the tokens of the public one to the same thing: both name the same frames', () => {
  const path = privateLink(content as never, { expiresAt: NOW + 600, scope: 'listener' }, keys, NOW);
  const token = resumeToken({ frame: 7, version }, link, keys);
  expect(readResumeToken(token, readLink(path, keys, NOW), keys)).toEqual({ frame: 7, version });
});

test('a token is of no use with another link', () => {
  const token = resumeToken({ frame: 7, version }, link, keys);
  const k2 = { ...keys, current: 'k2' };
  const others = [
    ...[{ options: 'codec.aac~bitrate.64k' }, { source: 'https://cdn.example/b.mp3' }, { name: 'b.mp4' }].map(linkTo),
    readLink(publicLink(content as never, k2), keys, NOW),
  ];
  for (const other of others) expect(() => readResumeToken(token, other, keys)).toThrow(invalid);
});

test('no other text is a token', () => {
  const token = resumeToken({ frame: 7, version }, link, keys);
  const [frame = '', , signature = ''] = token.split('.');
  const forged = [
    ...['', '.', '..', 'x', token.slice(0, -1), `${token}A`, `${token}\n`, token.toUpperCase(), ` ${token}`],
    ...[token.replace(`${frame}.`, '8.'), token.replace(`${frame}.`, '07.'), token.replace(`${frame}.`, '-7.')],
    ...[token.replace(version, '01234568'), token.replace(version, ''), `${frame}.${signature}`],
    ...[`${frame}.${version}.${'A'.repeat(22)}`, `${frame}.${version}.`, 'ä'.repeat(33)],
  ];
  for (const text of forged) expect(() => readResumeToken(text, link, keys), text).toThrow(invalid);
});

test('of all changes of one character none is accepted', () => {
  const token = resumeToken({ frame: 7, version }, link, keys);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~';
  let refused = 0;
  for (let at = 0; at < token.length; at++)
    for (const letter of letters) {
      if (letter === token[at]) continue;
      expect(() => readResumeToken(token.slice(0, at) + letter + token.slice(at + 1), link, keys)).toThrow(invalid);
      refused++;
    }
  expect(refused).toBe(token.length * (letters.length - 1));
});
