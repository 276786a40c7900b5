import { expect, test } from 'vitest';
import { parseRange } from '../../src/net/range.ts';
import type { Keys } from '../../src/sign/keys.ts';
import { privateLink, publicLink } from '../../src/sign/link.ts';
import { edgeRuntime } from './runtime.ts';

const NOW = 1_795_500_000;
const secret = Buffer.alloc(32, 1);
const keys: Keys = { current: 'k1', byId: new Map([['k1', secret]]) };
const content = { kind: 'file', options: 'codec.mp3', source: 'https://cdn.example/a.mp3', name: 'a.mp3' } as const;
const open = publicLink(content, keys);
const rest = open.split('/').slice(3).join('/');
const view = await edgeRuntime(new Map([['k1', secret.toString('base64url')]]));

const expiringIn = (seconds: number, scope = 'a') =>
  privateLink(content, { expiresAt: NOW + seconds, scope }, keys, NOW);

test.each([
  ['GET', {}, null],
  ['GET', { 'if-none-match': '"x"' }, null],
  ['GET', { range: 'bytes=0-1' }, 'ranges'],
  ['GET', { range: 'bytes=500-' }, 'ranges'],
  ['GET', { range: 'bytes=-500' }, 'ranges'],
  ['GET', { range: 'bytes=0-1,5-6' }, null],
  ['GET', { range: 'nonsense' }, null],
  ['HEAD', {}, 'ranges'],
  ['OPTIONS', {}, 'ranges'],
])('%s with %j goes to origin %s', async (method, headers, originId) => {
  expect(await view(open, { method, headers, now: NOW })).toMatchObject({ code: 'OK', originId });
});

test.each(['GET', 'HEAD', 'OPTIONS'])('%s with a forged link reaches no origin', async (method) => {
  const forged = open.replace('a.mp3', 'b.mp3');
  expect(await view(forged, { method, headers: { range: 'bytes=0-1' }, now: NOW })).toMatchObject({
    code: 'LINK_INVALID',
    originId: null,
  });
});

test('all links to one file share one path in the cache, which names the key', async () => {
  const paths = [open, expiringIn(3_600, 'a'), expiringIn(7_200, 'b'), expiringIn(300, 'c')];
  const uris = await Promise.all(paths.map((path) => view(path, { now: NOW }).then(({ uri }) => uri)));
  expect(new Set(uris)).toEqual(new Set([`/file/k1/${rest}`]));
});

test('a link that expires within five minutes keeps its path, and is no cached copy of another', async () => {
  for (const seconds of [299, 1]) {
    const path = expiringIn(seconds);
    expect(await view(path, { now: NOW })).toMatchObject({ code: 'OK', uri: path });
  }
});

test('a stripped path lets nobody in', async () => {
  const { uri } = await view(open, { now: NOW });
  expect((await view(uri, { now: NOW })).code).toBe('LINK_INVALID');
});

test('an embed keeps its path, and never goes to the ranges', async () => {
  const path = publicLink({ ...content, kind: 'embed' }, keys);
  for (const headers of [{}, { range: 'bytes=0-1' }])
    expect(await view(path, { headers, now: NOW })).toMatchObject({ code: 'OK', uri: path, originId: null });
});

test('a private link is good until its second, and not from then on', async () => {
  const path = expiringIn(1_000);
  expect((await view(path, { now: NOW + 999.9 })).code).toBe('OK');
  expect((await view(path, { now: NOW + 1_000 })).code).toBe('LINK_EXPIRED');
});

// CloudFront chooses the function by the path with its dots and escapes resolved.
test.each([
  `/player/../file/k1/${rest}`,
  `/player/%2e%2e/file/k1/${rest}`,
  `/player/%2E%2E%2Ffile/k1/${rest}`,
  `/player//../embed/k1/${rest}`,
  '/player/',
  '/player/a/b.js',
  '/player/baton-player.js/../../embed/k1/x',
])('%s is no way around the check', async (path) => {
  expect(await view(path, { now: NOW })).toMatchObject({ code: 'NOT_FOUND', originId: null });
});

test.each([
  ...['bytes=0-1', 'bytes=0-', 'bytes=-500', 'Bytes=5-9', 'bytes=7-7', 'bytes= 0-1', 'bytes=0-1,', 'bytes=,0-1 ,'],
  ...[
    'bytes=5-2',
    'bytes=0-1,5-6',
    'bytes=-',
    'bytes=a-b',
    'bytes=1.5-9',
    'bytes=+1-5',
    '0-5',
    'seconds=0-5',
    'bytes=',
  ],
])('%s goes to the function for ranges exactly when Baton takes it for one', async (range) => {
  const { originId } = await view(open, { headers: { range }, now: NOW });
  expect(originId === 'ranges').toBe(parseRange(range, 1000).kind === 'part');
});
