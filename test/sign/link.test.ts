import { beforeEach, expect, test } from 'vitest';
import { BatonError } from '../../src/errors.ts';
import { addKey, parseKeys, removeKey, type Keys } from '../../src/sign/keys.ts';
import { inherited, KINDS, privateLink, publicLink, readLink, type LinkContent } from '../../src/sign/link.ts';

const NOW = 1_795_500_000;
const DAY = 86_400;
const keys = parseKeys(
  `k1:${Buffer.alloc(32, 1).toString('base64url')} k2:${Buffer.alloc(32, 2).toString('base64url')}`,
);
const k2 = removeKey(keys, 'k1');

const content: LinkContent = {
  kind: 'file',
  options: 'codec.mp3~bitrate.64k',
  source: 'https://cdn.example/a.mp3',
  name: 'a.mp3',
};
const access = { expiresAt: NOW + 600, scope: 'listener' };
const base64 = (text: string): string => Buffer.from(text).toString('base64url');
const encrypt = { encryptSource: true };

function outcome(path: string, with_: Keys = keys, now = NOW): string {
  try {
    readLink(path, with_, now);
    return 'OK';
  } catch (thrown) {
    return thrown instanceof BatonError ? thrown.code : String(thrown);
  }
}

test('a public link has the form of the design and reads back', () => {
  const path = publicLink(content, keys);
  expect(path).toMatch(/^\/file\/k1\.[A-Za-z0-9_-]{43}\/codec\.mp3~bitrate\.64k\/[A-Za-z0-9_-]+\/a\.mp3$/);
  const rest = path.split('/').slice(3).join('/');
  expect(readLink(path, keys, NOW)).toEqual({ ...content, expiresAt: null, scope: null, kid: 'k1', rest, place: null });
});

test('a private link carries expiry and scope and reads back', () => {
  const path = privateLink(content, access, keys, NOW);
  expect(path.split('/')[2]).toMatch(
    new RegExp(`^k1\\.${access.expiresAt.toString(36)}\\.listener\\.[A-Za-z0-9_-]{43}$`),
  );
  expect(readLink(path, keys, NOW)).toMatchObject({ ...content, ...access, kid: 'k1' });
});

test('every character of a link is unreserved, so a path has one spelling', () => {
  const source = 'https://cdn.example/ü ber/%2e?a=b&c=~#frag';
  for (const seal of [{}, encrypt]) {
    expect(publicLink({ ...content, source }, keys, seal)).toMatch(/^[A-Za-z0-9._~/-]+$/);
    expect(privateLink({ ...content, source }, access, keys, NOW, seal)).toMatch(/^[A-Za-z0-9._~/-]+$/);
  }
});

test.each(KINDS)('the kind %s makes links, which are of no other kind', (kind) => {
  const path = publicLink({ ...content, kind }, keys);
  expect(readLink(path, keys, NOW).kind).toBe(kind);
  for (const other of KINDS.filter((name) => name !== kind)) {
    expect(outcome(path.replace(`/${kind}/`, `/${other}/`))).toBe('LINK_INVALID');
  }
});

test('no options are written as a hyphen and read back as none', () => {
  const path = publicLink({ ...content, options: '' }, keys);
  expect(path.split('/')[3]).toBe('-');
  expect(readLink(path, keys, NOW).options).toBe('');
});

test('a public link is the same every time and outlives everything but its key', () => {
  const path = publicLink(content, keys);
  expect(publicLink({ ...content }, keys)).toBe(path);
  const rotated = addKey(keys, { kid: 'k3', secret: Buffer.alloc(32, 3) });
  expect(outcome(path, rotated, NOW + 9_999 * DAY)).toBe('OK');
  expect(readLink(publicLink(content, rotated), rotated, NOW).kid).toBe('k3');
  expect(outcome(path, removeKey(rotated, 'k1'))).toBe('LINK_INVALID');
});

test('a private link ends with its second and cannot reach more than seven days ahead', () => {
  const path = privateLink(content, access, keys, NOW);
  expect(outcome(path, keys, access.expiresAt - 1)).toBe('OK');
  expect(outcome(path, keys, access.expiresAt)).toBe('LINK_EXPIRED');
  const far = privateLink(content, { ...access, expiresAt: NOW + 30 * DAY + 0.5 }, keys, NOW);
  expect(readLink(far, keys, NOW).expiresAt).toBe(NOW + 7 * DAY);
  expect(outcome(far, keys, NOW - 30)).toBe('OK');
  expect(outcome(far, keys, NOW - DAY)).toBe('LINK_INVALID');
});

test('inherited expiries change once an hour', () => {
  const hour = NOW - (NOW % 3_600) + 3_600;
  expect(inherited(hour, NOW)).toBe(hour);
  expect(inherited(hour + 1, NOW)).toBe(hour + 3_600);
  expect(inherited(NOW + 1, NOW)).toBeGreaterThan(NOW);
  const farthest = NOW + 7 * DAY;
  const seen = Array.from({ length: 7_200 }, (_, second) => inherited(farthest, NOW + second));
  expect(new Set(seen).size).toBeLessThanOrEqual(2);
  for (const [second, expiresAt] of seen.entries()) expect(expiresAt).toBeLessThanOrEqual(NOW + second + 7 * DAY);
});

test.each([
  ['HTTPS://CDN.Example:443/a/../b.mp3#t=5', 'https://cdn.example/b.mp3'],
  ['http://ex\u00e4mple.com/\u00fc?q=\u00fc', 'http://xn--exmple-cua.com/%C3%BC?q=%C3%BC'],
  ['s3://bucket/some/key.mp3', 's3://bucket/some/key.mp3'],
  [' http://a.test ', 'http://a.test/'],
])('the source %s is signed in its canonical spelling', (source, canonical) => {
  for (const seal of [{}, encrypt]) {
    const path = publicLink({ ...content, source }, keys, seal);
    expect(path).toBe(publicLink({ ...content, source: canonical }, keys, seal));
    expect(readLink(path, keys, NOW).source).toBe(canonical);
  }
});

test.each([
  '',
  'a.mp3',
  '/a.mp3',
  'file:///etc/passwd',
  'data:,x',
  'ftp://a/b',
  'javascript:1',
  'http://',
  's3:///key',
])('no link is made for %j', (source) => {
  expect(() => publicLink({ ...content, source }, keys)).toThrow(
    expect.objectContaining({ code: 'SOURCE_URL_INVALID' }) as Error,
  );
});

test('no link is made that could not be read', () => {
  const code = (made: () => string): string => {
    try {
      return made();
    } catch (thrown) {
      return (thrown as BatonError).code;
    }
  };
  for (const options of ['a/b', 'a b', 'ä', '.', '..', '-', 'a=b', 'a\n']) {
    expect(code(() => publicLink({ ...content, options }, keys))).toBe('OPTIONS_INVALID');
  }
  for (const name of ['', '.', '..', 'a/b', 'ä', 'a b', 'a?b', 'a\n']) {
    expect(code(() => publicLink({ ...content, name }, keys))).toBe('INTERNAL');
  }
  for (const scope of ['', 'a.b', 'a/b', 'a\nb', 'x'.repeat(65)]) {
    expect(code(() => privateLink(content, { ...access, scope }, keys, NOW))).toBe('INTERNAL');
  }
  const long = `https://cdn.example/${'a'.repeat(6_500)}`;
  expect(code(() => publicLink({ ...content, source: long }, keys))).toBe('SOURCE_URL_INVALID');
  expect(code(() => publicLink(content, { ...keys, current: 'gone' }))).toBe('CONFIG_INVALID');
});

const good = privateLink(content, access, keys, NOW);
const open = publicLink(content, keys);
const [, , token = '', , source = ''] = good.split('/');
const signature = token.split('.')[3] ?? '';
const expiry = access.expiresAt.toString(36);
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bytesOf = (text: string): string => Buffer.from(text, 'base64url').toString('hex');
const twin = alphabet
  .split('')
  .map((last) => signature.slice(0, -1) + last)
  .find((text) => text !== signature && bytesOf(text) === bytesOf(signature));

test.each([
  ['a good link', good, 'OK'],
  ['a good link of the second key', privateLink(content, access, k2, NOW), 'OK'],
  ['a good public link', open, 'OK'],
  ['an expired link', privateLink(content, { ...access, expiresAt: NOW - 1 }, keys, NOW), 'LINK_EXPIRED'],
  [
    'an expiry ten years ahead',
    privateLink(content, { ...access, expiresAt: NOW * 2 }, keys, NOW + 3e8),
    'LINK_INVALID',
  ],
  ['an edited expiry', good.replace(expiry, (access.expiresAt + 5_400).toString(36)), 'LINK_INVALID'],
  ['an expiry with a leading zero', good.replace(`.${expiry}.`, `.0${expiry}.`), 'LINK_INVALID'],
  ['an expiry in capitals', good.replace(expiry, expiry.toUpperCase()), 'LINK_INVALID'],
  ['a swapped key id', good.replace('/k1.', '/k2.'), 'LINK_INVALID'],
  ['a key id __proto__', good.replace('/k1.', '/__proto__.'), 'LINK_INVALID'],
  ['a key id constructor', good.replace('/k1.', '/construc.'), 'LINK_INVALID'],
  ['an unknown key id', good.replace('/k1.', '/valueof.'), 'LINK_INVALID'],
  ['an edited scope', good.replace('.listener.', '.admin.'), 'LINK_INVALID'],
  ['an edited source', good.replace(source, base64('http://169.254.169.254/')), 'LINK_INVALID'],
  ['an edited option', good.replace('bitrate.64k', 'bitrate.320k'), 'LINK_INVALID'],
  ['an edited name', good.replace('a.mp3', 'b.mp3'), 'LINK_INVALID'],
  ['an edited kind', good.replace('/file/', '/raw/'), 'LINK_INVALID'],
  ['an unknown kind', good.replace('/file/', '/files/'), 'LINK_INVALID'],
  ['a private token made public', good.replace(`.${expiry}.listener`, ''), 'LINK_INVALID'],
  ['a public token made private', open.replace('/k1.', `/k1.${expiry}.listener.`), 'LINK_INVALID'],
  ['a slash moved between options and source', good.replace(`64k/${source}`, `64/k${source}`), 'LINK_INVALID'],
  [
    'a slash moved between source and name',
    good.replace(`${source}/a`, `${source.slice(0, -1)}/${source.slice(-1)}a`),
    'LINK_INVALID',
  ],
  ['a signature with "!"', good.replace(signature, `${signature}!`), 'LINK_INVALID'],
  ['a signature with padding', good.replace(signature, `${signature}=`), 'LINK_INVALID'],
  ['another spelling of the same signature bytes', good.replace(signature, twin ?? ''), 'LINK_INVALID'],
  ['a cut signature', good.replace(signature, signature.slice(0, 20)), 'LINK_INVALID'],
  ['a long signature', good.replace(signature, `${signature}A`), 'LINK_INVALID'],
  ['a signature of only A', good.replace(signature, 'A'.repeat(43)), 'LINK_INVALID'],
  ['no signature', good.replace(`.${signature}`, ''), 'LINK_INVALID'],
  ['a percent-encoded path', good.replace('codec.', 'codec%2E'), 'LINK_INVALID'],
  ['a double slash', good.replace('/codec', '//codec'), 'LINK_INVALID'],
  ['dot segments', good.replace('/codec', '/../codec'), 'LINK_INVALID'],
  ['a dot segment as the name', good.replace('/a.mp3', '/..'), 'LINK_INVALID'],
  ['a query', `${good}?x=1`, 'LINK_INVALID'],
  ['an empty query', `${good}?`, 'LINK_INVALID'],
  ['a fragment', `${good}#x`, 'LINK_INVALID'],
  ['CR LF', `${good}\r\nX: 1`, 'LINK_INVALID'],
  ['a trailing newline', `${good}\n`, 'LINK_INVALID'],
  ['a trailing slash', `${good}/`, 'LINK_INVALID'],
  ['a character outside ASCII', `${good}é`, 'LINK_INVALID'],
  ['a full-width twin of a letter', good.replace('file', 'ｆile'), 'LINK_INVALID'],
  ['an absolute form', `http://relay.test${good}`, 'LINK_INVALID'],
  ['nothing', '', 'LINK_INVALID'],
  ['5,000 more characters', good + 'a'.repeat(5_000), 'LINK_INVALID'],
  ['a million characters', good + 'a'.repeat(1_000_000), 'LINK_INVALID'],
])('%s gives %#: %s', (_, path, expected) => {
  expect(outcome(path)).toBe(expected);
});

test('the attack table attacks: every edit changes the path', () => {
  expect(twin).toBeDefined();
  expect(bytesOf(twin ?? '')).toBe(bytesOf(signature));
});

let seed = 0;
beforeEach(() => {
  seed = 20_261_123;
});
// mulberry32
function random(below: number): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}

test('of 100,000 random changes none is accepted', () => {
  const victims = [good, open, publicLink(content, keys, encrypt), privateLink(content, access, k2, NOW, encrypt)];
  let accepted = 0;
  let unlike = 0;
  for (let i = 0; i < 100_000; i++) {
    const victim = victims[i % victims.length] ?? '';
    const at = random(victim.length);
    // Half of them stay within the alphabet, so that they reach the signature.
    const letter = i % 2 === 0 ? alphabet.charAt(random(64)) : String.fromCharCode(random(256));
    const cut = random(8) === 0 ? random(3) : 1;
    const changed = victim.slice(0, at) + letter + victim.slice(at + cut);
    if (changed === victim) continue;
    unlike++;
    if (outcome(changed) === 'OK') accepted++;
  }
  expect(accepted).toBe(0);
  expect(unlike).toBeGreaterThan(95_000);
});

test('an encrypted source hides the URL, is the same every time, and differs by key and URL', () => {
  const path = publicLink(content, keys, encrypt);
  const sealed = path.split('/')[4] ?? '';
  expect(sealed).toMatch(/^~[A-Za-z0-9_-]+$/);
  expect(Buffer.from(sealed.slice(1), 'base64url').toString('latin1')).not.toContain('cdn.example');
  expect(publicLink(content, keys, encrypt)).toBe(path);
  expect(readLink(path, keys, NOW)).toMatchObject(content);
  expect(publicLink(content, k2, encrypt).split('/')[4]).not.toBe(sealed);
  const other = publicLink({ ...content, source: 'https://cdn.example/b.mp3' }, keys, encrypt).split('/')[4] ?? '';
  expect(other.slice(0, 17)).not.toBe(sealed.slice(0, 17));
  expect(readLink(privateLink(content, access, keys, NOW, encrypt), keys, NOW).source).toBe(content.source);
});

test('a link is checked in far less than a millisecond', () => {
  const started = performance.now();
  for (let i = 0; i < 5_000; i++) readLink(good, keys, NOW);
  expect((performance.now() - started) / 5_000).toBeLessThan(0.5);
});
