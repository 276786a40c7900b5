import { expect, test } from 'vitest';
import { BatonError, toBatonError } from '../../src/errors.ts';
import { edgeCode } from '../../src/package/edge-code.ts';
import { errorReply } from '../../src/relay/app.ts';
import type { Keys } from '../../src/sign/keys.ts';
import { privateLink, publicLink, readLink } from '../../src/sign/link.ts';
import { edgeRuntime } from './runtime.ts';

const NOW = 1_795_500_000;
const keys: Keys = {
  current: 'k1',
  byId: new Map([
    ['k1', Buffer.alloc(32, 1)],
    ['k2', Buffer.alloc(40, 2)],
  ]),
};
const k2: Keys = { ...keys, current: 'k2' };
const inStore = new Map([...keys.byId].map(([kid, secret]) => [kid, Buffer.from(secret).toString('base64url')]));
const content = {
  kind: 'file',
  options: 'codec.mp3~bitrate.64k',
  source: 'https://cdn.example/a.mp3',
  name: 'a.mp3',
} as const;
const access = { expiresAt: NOW + 3_600, scope: 'listener' };
const good = privateLink(content, access, keys, NOW);
const open = publicLink(content, keys);
const embed = publicLink({ ...content, kind: 'embed', name: 'a.html' }, keys);
const feed = publicLink({ ...content, kind: 'feed', name: 'a.xml' }, keys);
const live = publicLink({ ...content, kind: 'live', name: 'a.mp4' }, keys);
const hls = publicLink({ ...content, kind: 'hls', options: '', name: 'a.m3u8' }, keys);
const raw = publicLink({ ...content, kind: 'raw', options: 'over.redirect', name: 'a.zip' }, keys);
const [, , token = '', , source = ''] = good.split('/');
const signature = token.split('.')[3] ?? '';
const expiry = access.expiresAt.toString(36);
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bytesOf = (text: string): string => Buffer.from(text, 'base64url').toString('hex');
const twin =
  Array.from(alphabet)
    .map((last) => signature.slice(0, -1) + last)
    .find((text) => text !== signature && bytesOf(text) === bytesOf(signature)) ?? '';
const view = await edgeRuntime(inStore);
/** Of 8,000 characters a place and its slash may take 129. */
const WITHOUT_PLACE = 8_000 - 129;

const atFunction = (path: string, now = NOW): string => {
  try {
    readLink(path, keys, now);
    return 'OK';
  } catch (thrown) {
    return toBatonError(thrown).code;
  }
};

test.each([
  ['a good private link', good, 'OK'],
  ['a good private link of the second key', privateLink(content, access, k2, NOW), 'OK'],
  ['a good public link', open, 'OK'],
  ['a good public link of the second key', publicLink(content, k2), 'OK'],
  ['a good link without options', publicLink({ ...content, options: '' }, keys), 'OK'],
  ['a good link with an encrypted source', publicLink(content, keys, { encryptSource: true }), 'OK'],
  ['a good embed link', embed, 'OK'],
  ['a good feed link', feed, 'OK'],
  ['a good link to a payload', raw, 'OK'],
  ['a place in a file', `${good}/t.5000`, 'OK'],
  ['a resume token as a place', `${open}/r.zz.0123abcd.${'A'.repeat(22)}`, 'OK'],
  ['a place of the longest length', `${open}/${'p'.repeat(128)}`, 'OK'],
  ['a place of one character more', `${open}/${'p'.repeat(129)}`, 'LINK_INVALID'],
  ['an empty place', `${open}/`, 'LINK_INVALID'],
  ['a dot as a place', `${open}/.`, 'LINK_INVALID'],
  ['two dots as a place', `${open}/..`, 'LINK_INVALID'],
  ['a place with an escape', `${open}/t%2E5`, 'LINK_INVALID'],
  ['a place with a newline', `${open}/t.5\n`, 'LINK_INVALID'],
  ['two places', `${open}/t.5/t.6`, 'LINK_INVALID'],
  ['a place behind a forged link', `${open.replace('a.mp3', 'b.mp3')}/t.5`, 'LINK_INVALID'],
  ['a place behind a name of dots', `${open.replace('a.mp3', '..')}/t.5`, 'LINK_INVALID'],
  [
    'a place in an expired link',
    `${privateLink(content, { ...access, expiresAt: NOW - 1 }, keys, NOW)}/t.5`,
    'LINK_EXPIRED',
  ],
  ['a good link to a channel', live, 'OK'],
  ['a place in a channel', `${live}/r.zz.0123abcd.${'A'.repeat(22)}`, 'OK'],
  ['a query behind a channel', `${live}?x=1`, 'LINK_INVALID'],
  ['a good link to HLS', hls, 'OK'],
  ['a place in HLS', `${hls}/a128-0123abcd-17.m4s`, 'OK'],
  ['a query behind HLS', `${hls}?x=1`, 'LINK_INVALID'],
  ['a place in forged HLS', `${hls.replace('a.m3u8', 'b.m3u8')}/a128.m3u8`, 'LINK_INVALID'],
  ['a place in a page', `${embed}/artwork`, 'OK'],
  ['a place in a feed', `${feed}/t.5`, 'NOT_FOUND'],
  ['a place in a payload', `${raw}/t.5`, 'NOT_FOUND'],
  ['a query behind a payload', `${raw}?x=1`, 'LINK_INVALID'],
  ['a place in a forged page', `${embed.replace('a.html', 'b.html')}/t.5`, 'LINK_INVALID'],
  ['a file link as a payload', good.replace('/file/', '/raw/'), 'LINK_INVALID'],
  ['a link that is good for seven days', privateLink(content, { ...access, expiresAt: NOW * 2 }, keys, NOW), 'OK'],
  ['an expired link', privateLink(content, { ...access, expiresAt: NOW - 1 }, keys, NOW), 'LINK_EXPIRED'],
  ['a link that expires now', privateLink(content, { ...access, expiresAt: NOW }, keys, NOW), 'LINK_EXPIRED'],
  [
    'an expiry too far ahead',
    privateLink(content, { ...access, expiresAt: NOW * 2 }, keys, NOW + 86_400),
    'LINK_INVALID',
  ],
  [
    'an expired link with an altered signature',
    privateLink(content, { ...access, expiresAt: NOW - 1 }, keys, NOW).replace('64k', '96k'),
    'LINK_INVALID',
  ],
  ['an edited expiry', good.replace(expiry, (access.expiresAt + 5_400).toString(36)), 'LINK_INVALID'],
  ['an expiry with a leading zero', good.replace(`.${expiry}.`, `.0${expiry}.`), 'LINK_INVALID'],
  ['an expiry in capitals', good.replace(expiry, expiry.toUpperCase()), 'LINK_INVALID'],
  ['a swapped key id', good.replace('/k1.', '/k2.'), 'LINK_INVALID'],
  ['an unknown key id', good.replace('/k1.', '/valueof.'), 'LINK_INVALID'],
  ['a key id __proto__', good.replace('/k1.', '/__proto__.'), 'LINK_INVALID'],
  ['a key id construc', good.replace('/k1.', '/construc.'), 'LINK_INVALID'],
  ['a key id constructor', good.replace('/k1.', '/constructor.'), 'LINK_INVALID'],
  ['an edited scope', good.replace('.listener.', '.admin.'), 'LINK_INVALID'],
  [
    'an edited source',
    good.replace(source, Buffer.from('http://169.254.169.254/').toString('base64url')),
    'LINK_INVALID',
  ],
  ['an edited option', good.replace('bitrate.64k', 'bitrate.320k'), 'LINK_INVALID'],
  ['an edited name', good.replace('a.mp3', 'b.mp3'), 'LINK_INVALID'],
  ['a file link as embed', good.replace('/file/', '/embed/'), 'LINK_INVALID'],
  ['an embed link as file', embed.replace('/embed/', '/file/'), 'LINK_INVALID'],
  ['a private token made public', good.replace(`.${expiry}.listener`, ''), 'LINK_INVALID'],
  ['a public token made private', open.replace('/k1.', `/k1.${expiry}.listener.`), 'LINK_INVALID'],
  ['a slash moved between options and source', good.replace(`64k/${source}`, `64/k${source}`), 'LINK_INVALID'],
  ['a signature with "!"', good.replace(signature, `${signature}!`), 'LINK_INVALID'],
  ['a signature with padding', good.replace(signature, `${signature}=`), 'LINK_INVALID'],
  ['another spelling of the same signature bytes', good.replace(signature, twin), 'LINK_INVALID'],
  ['a cut signature', good.replace(signature, signature.slice(0, 42)), 'LINK_INVALID'],
  ['a signature of only A', good.replace(signature, 'A'.repeat(43)), 'LINK_INVALID'],
  ['no signature', good.replace(`.${signature}`, ''), 'LINK_INVALID'],
  ['a path whose token is gone already', good.replace(`/${token}/`, '/k1/'), 'LINK_INVALID'],
  ['a percent-encoded path', good.replace('codec.', 'codec%2E'), 'LINK_INVALID'],
  ['a double slash', good.replace('/codec', '//codec'), 'LINK_INVALID'],
  ['dot segments', good.replace('/codec', '/../codec'), 'LINK_INVALID'],
  ['a dot segment as the name', good.replace('/a.mp3', '/..'), 'LINK_INVALID'],
  ['a query', `${good}?x=1`, 'LINK_INVALID'],
  ['a trailing newline', `${good}\n`, 'LINK_INVALID'],
  ['a trailing slash', `${good}/`, 'LINK_INVALID'],
  ['a character outside ASCII', `${good}é`, 'LINK_INVALID'],
  ['8,000 more characters', good + 'a'.repeat(8_000), 'LINK_INVALID'],
])('%s gives %#: %s, at the edge as in the function', async (_, path, expected) => {
  expect((await view(path, { now: NOW })).code).toBe(expected);
  expect(atFunction(path)).toBe(expected);
});

test('the table attacks: the twin stands for the same bytes', () => {
  expect(twin).not.toBe('');
  expect(bytesOf(twin)).toBe(bytesOf(signature));
});

test('a link of the longest length is good, and one with a character more is not', async () => {
  let name = 'a';
  while (publicLink({ ...content, name }, keys).length < WITHOUT_PLACE)
    name += 'a'.repeat(WITHOUT_PLACE - publicLink({ ...content, name }, keys).length);
  const longest = `${publicLink({ ...content, name }, keys)}/${'p'.repeat(128)}`;
  expect(longest).toHaveLength(8_000);
  for (const [path, code] of [
    [longest, 'OK'],
    [longest.slice(0, WITHOUT_PLACE), 'OK'],
    [`${longest}p`, 'LINK_INVALID'],
  ] as const)
    expect([(await view(path, { now: NOW })).code, atFunction(path)]).toEqual([code, code]);
});

test.each(['__proto__', 'constructor', 'toString', 'k1'])('a store without key %s lets nobody in', async (kid) => {
  const empty = await edgeRuntime(new Map());
  expect((await empty(open.replace('/k1.', `/${kid}.`), { now: NOW })).code).toBe('LINK_INVALID');
});

test('a key of fewer than 32 bytes in the store lets nobody in, nor does an empty one', async () => {
  for (const secret of [Buffer.alloc(0), Buffer.alloc(31, 1)]) {
    const weak: Keys = { current: 'k1', byId: new Map([['k1', secret]]) };
    const short = await edgeRuntime(new Map([['k1', secret.toString('base64url')]]));
    expect((await short(publicLink(content, weak), { now: NOW })).code).toBe('LINK_INVALID');
  }
});

test('of 100,000 random changes of good links none is let in but to another place, and functions agree', async () => {
  const victims = [
    good,
    open,
    embed,
    publicLink(content, keys, { encryptSource: true }),
    privateLink(content, access, k2, NOW),
    `${good}/t.5000`,
    `${open}/r.zz.0123abcd.${'A'.repeat(22)}`,
    feed,
    raw,
    `${raw}/t.5`,
    `${hls}/a128.m3u8`,
  ];
  let seed = 20_261_124;
  // mulberry32
  const random = (below: number): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
  let accepted = 0;
  let tried = 0;
  for (let i = 0; i < 100_000; i++) {
    const victim = victims[i % victims.length] ?? '';
    const at = random(victim.length);
    const letter = i % 2 === 0 ? alphabet.charAt(random(64)) : String.fromCharCode(random(256));
    const changed = victim.slice(0, at) + letter + victim.slice(at + (random(8) === 0 ? random(3) : 1));
    if (changed === victim) continue;
    tried++;
    const { code } = await view(changed, { now: NOW });
    if (isServed(changed)) expect([changed, code]).toEqual([changed, atFunction(changed)]);
    if (code === 'OK' && !isPlaceIn(changed, victim)) accepted++;
  }
  expect(accepted).toBe(0);
  expect(tried).toBeGreaterThan(95_000);
});

/** Of kinds that nobody serves yet the edge says so before it looks at the rest. */
const isServed = (path: string): boolean => /^\/(file|hls|feed|raw|embed)\//.test(path) && !path.includes('?');

const isPlaceIn = (path: string, victim: string): boolean => {
  const address = victim.split('/').slice(0, 6).join('/');
  return (
    path === address || (path.startsWith(`${address}/`) && /^[A-Za-z0-9._~-]+$/.test(path.slice(address.length + 1)))
  );
};

test.each([
  ['/', 'NOT_FOUND'],
  ['/favicon.ico', 'NOT_FOUND'],
  ['/files/x', 'NOT_FOUND'],
  ['/healthz', 'NOT_FOUND'],
  ['/FILE/x', 'NOT_FOUND'],
  ['/file', 'NOT_FOUND'],
  ['/player', 'NOT_FOUND'],
  [open.replace('/file/', '/film/'), 'NOT_FOUND'],
  ['/file/', 'LINK_INVALID'],
  ['/embed/x', 'LINK_INVALID'],
])('%s is %s', async (path, code) => {
  expect((await view(path, { now: NOW })).code).toBe(code);
});

test('a page may be asked with a query, which programs add, and with no forged link', async () => {
  const path = `${embed}/oembed.json`;
  expect(await view(`${path}?maxwidth=300&format=json`, { now: NOW })).toMatchObject({ code: 'OK', uri: path });
  expect((await view(`${embed.replace('64k', '96k')}?maxwidth=300`, { now: NOW })).code).toBe('LINK_INVALID');
});

test.each(['/player/baton-player.js', '/player/frame.js', '/player/i18n/de.js'])(
  '%s passes as it is, with no token',
  async (uri) => {
    expect(await view(uri, { now: NOW })).toMatchObject({ code: 'OK', uri, originId: null });
  },
);

test('the code is small, is not a module that exports, and imports nothing but the two modules there are', async () => {
  const code = await edgeCode();
  expect(Buffer.byteLength(code)).toBeLessThan(10_240);
  expect(code).not.toMatch(/\bexport\b|\brequire\b/);
  expect([...code.matchAll(/^import .*$/gm)].map(([line]) => line)).toEqual([
    'import cf from "cloudfront";',
    'import crypto from "crypto";',
  ]);
});

test.each(['LINK_INVALID', 'LINK_EXPIRED', 'NOT_FOUND'] as const)(
  '%s looks as it does from a function',
  async (code) => {
    const expired = privateLink(content, { ...access, expiresAt: NOW - 1 }, keys, NOW);
    const { response } = await view({ LINK_INVALID: '/file/x', LINK_EXPIRED: expired, NOT_FOUND: '/' }[code], {
      now: NOW,
    });
    const { status, headers, body } = errorReply(new BatonError(code));
    expect(response?.statusCode).toBe(status);
    expect(response?.body.data).toBe((body as Buffer).toString());
    expect(
      Object.fromEntries(Object.entries(response?.headers ?? {}).map(([name, { value }]) => [name, value])),
    ).toEqual(headers);
  },
);
