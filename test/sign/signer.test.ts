import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseKeys } from '../../src/sign/keys.ts';
import { readLink } from '../../src/sign/link.ts';
import { createSigner } from '../../src/sign/signer.ts';

const KEYS = `k1:${randomBytes(32).toString('base64url')}`;
const ORIGIN = 'https://media.example.com';
const NOW = 1_700_000_000;
const signer = createSigner({ keys: KEYS, origin: ORIGIN, now: () => NOW });
const ASK = { source: 'https://example.com/a.mp3', options: 'codec.mp3~bitrate.96k', title: 'Episode 1' };

const read = (url: string, at = NOW) => readLink(url.slice(ORIGIN.length), parseKeys(KEYS), at);

test('a public link is the same every time and says what was asked for', () => {
  const url = signer.link(ASK);
  expect(signer.link(ASK)).toBe(url);
  expect(read(url)).toMatchObject({
    kind: 'file',
    source: ASK.source,
    options: ASK.options,
    name: 'episode-1.mp3',
    expiresAt: null,
  });
});

test.each([
  ['codec.opus~bitrate.48k', 'file', 'episode-1.opus'],
  ['codec.aac~bitrate.96k', 'file', 'episode-1.mp4'],
  ['codec.pcm', 'file', 'episode-1.wav'],
  ['codec.mp3~bitrate.96k', 'embed', 'episode-1.html'],
  ['codec.mp3~bitrate.96k', 'feed', 'episode-1.xml'],
  ['', 'raw', 'episode-1.mp3'],
] as const)('%s as %s is called %s', (options, kind, name) => {
  expect(read(signer.link({ ...ASK, options, kind })).name).toBe(name);
});

test('a file as it is has the extension of its source, or none', () => {
  const name = (source: string) => read(signer.link({ source, options: '', kind: 'raw', title: 'Slides' })).name;
  expect(name('https://example.com/deck.PDF?v=2')).toBe('slides.pdf');
  expect(name('https://example.com/deck')).toBe('slides');
});

test('a private link ends when it should, and is for whom it says', () => {
  const url = signer.link({ ...ASK, expiresIn: 600, scope: 'listener-1' });
  expect(read(url)).toMatchObject({ expiresAt: NOW + 600, scope: 'listener-1' });
  expect(() => read(url, NOW + 600)).toThrow(expect.objectContaining({ code: 'LINK_EXPIRED' }));
});

test('a secret source is not in the link', () => {
  const url = signer.link({ ...ASK, encryptSource: true });
  expect(url).not.toContain(Buffer.from(ASK.source).toString('base64url').slice(0, 12));
  expect(read(url).source).toBe(ASK.source);
});

test('what cannot be a link is refused', () => {
  expect(() => signer.link({ ...ASK, source: 'not an address' })).toThrow(
    expect.objectContaining({ code: 'SOURCE_URL_INVALID' }),
  );
  expect(() => createSigner({ keys: 'none', origin: ORIGIN })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});
