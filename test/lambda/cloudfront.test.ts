import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bundlePlayer } from '../../src/local/player-bundle.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { HIT, HOUR, MISS, OPTIONS, startAtEdge, type AtEdge, type Seen } from './at-edge.ts';
import { overheard } from './overheard.ts';

let edge: AtEdge;
let reference: Buffer;
beforeAll(async () => {
  edge = await startAtEdge(5);
  await using server = await startBaton({ allowOrigins: [edge.origin.origin] });
  reference = (await get(server.file(edge.origin.url(), OPTIONS))).bytes;
});
afterAll(() => edge[Symbol.asyncDispose]());
afterEach(() => edge.forget());

const openTo: AtEdge['openTo'] = (part) => edge.openTo(part);
const closedTo: AtEdge['closedTo'] = (...args) => edge.closedTo(...args);
const ask: AtEdge['ask'] = (path, init) => edge.ask(path, init);

test('public and private links of any expiry to one file share what is kept of it', async () => {
  const links = [openTo(), closedTo(HOUR), closedTo(2 * HOUR, 'listener-2'), closedTo(HOUR, 'listener-3')];
  expect(new Set(links).size).toBe(4);
  const seen: Seen[] = [];
  for (const link of links) seen.push(await ask(link));
  expect(seen.map(({ status, cache }) => `${status} ${cache ?? ''}`)).toEqual(
    [MISS, HIT, HIT, HIT].map((x) => `200 ${x}`),
  );
  for (const { bytes, headers } of seen) {
    expect(bytes.equals(reference)).toBe(true);
    expect(headers.get('cache-control')).toMatch(/^public, max-age=300\b/);
  }
  for (const link of links) {
    const part = await ask(link, { headers: { range: 'bytes=1000-1999' } });
    expect([part.status, part.cache]).toEqual([206, HIT]);
    expect(part.bytes.equals(reference.subarray(1000, 2000))).toBe(true);
  }
  expect(edge.started()).toBe(1);
});

test('a range that one link asked for is there for the others, and so is a HEAD', async () => {
  const range = { headers: { range: 'bytes=50000-59999' } };
  const first = await ask(openTo(), range);
  const second = await ask(closedTo(HOUR), range);
  expect([first, second].map(({ status, cache }) => [status, cache])).toEqual([
    [206, MISS],
    [206, HIT],
  ]);
  for (const { bytes } of [first, second]) expect(bytes.equals(reference.subarray(50_000, 60_000))).toBe(true);
  const heads = [await ask(closedTo(HOUR), { method: 'HEAD' }), await ask(openTo(), { method: 'HEAD' })];
  expect(heads.map(({ cache }) => cache)).toEqual([MISS, HIT]);
  for (const { headers } of heads) expect(headers.get('content-length')).toBe(String(reference.length));
  expect(edge.started()).toBe(2);
});

test('no function sees the token of a link that may be cached', async () => {
  const links = [openTo(), closedTo(HOUR)];
  for (const link of links) {
    await ask(link, { method: 'HEAD' });
    await ask(link, { headers: { range: 'bytes=0-1' } });
    await ask(link);
    edge.baton.lambda.invalidate();
  }
  await edge.baton.idle();
  const events = overheard(edge.lines());
  expect(events).toHaveLength(6);
  const [, , token = '', ...rest] = openTo().split('/');
  expect(new Set(events.map(({ rawPath }) => rawPath))).toEqual(
    new Set([`/file/${token.split('.')[0] ?? ''}/${rest.join('/')}`]),
  );
  for (const link of links) expect(JSON.stringify(events)).not.toContain(link.split('/')[2]?.split('.').at(-1));
});

test('a private link that ends within 300 s is answered for its listener alone', async () => {
  const link = closedTo(200);
  const range = { headers: { range: 'bytes=0-999' } };
  for (const init of [{}, {}, range, range]) {
    const { status, cache, headers } = await ask(link, init);
    expect([status < 300, cache]).toEqual([true, MISS]);
    const [, most] = /^private, max-age=(\d+), no-transform$/.exec(headers.get('cache-control') ?? '') ?? [];
    expect(Number(most)).toBeGreaterThan(150);
    expect(Number(most)).toBeLessThanOrEqual(200);
  }
  await edge.baton.idle();
  expect(overheard(edge.lines()).map(({ rawPath }) => rawPath)).toEqual([link, link, link, link]);
  expect((await ask(openTo())).cache).toBe(MISS);
});

test('the player is kept, embed pages are not, and they bring their token along', async () => {
  const page = openTo({ kind: 'embed', name: 'episode.html' });
  const closedPage = closedTo(HOUR, 'listener-1', { kind: 'embed', name: 'episode.html' });
  for (const path of [page, page, closedPage]) {
    const { status, cache, bytes } = await ask(path);
    expect([status, cache]).toEqual([200, MISS]);
    const [, src = ''] = /<source src="([^"]+)" type="audio\/mpeg"/.exec(bytes.toString()) ?? [];
    const part = await ask(new URL(src, `http://edge.test${path}`).pathname, { headers: { range: 'bytes=0-999' } });
    expect([part.status, part.bytes.equals(reference.subarray(0, 1000))]).toEqual([206, true]);
  }
  const pages = overheard(edge.lines()).filter(({ rawPath }) => rawPath.startsWith('/embed/'));
  expect(pages.map(({ rawPath }) => rawPath)).toEqual([page, page, closedPage]);
  const scripts = [await ask('/player/baton-player.js'), await ask('/player/baton-player.js?v=2')];
  expect(scripts.map(({ status, cache }) => [status, cache])).toEqual([
    [200, MISS],
    [200, HIT],
  ]);
  expect(scripts[1]?.bytes.equals(scripts[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
});

test('every script that the player loads is there, dictionaries too', async () => {
  const paths = [...(await bundlePlayer()).keys()].filter((path) => !path.startsWith('/player/demo'));
  expect(paths).toEqual(expect.arrayContaining(['/player/frame.js', '/player/i18n/de.js']));
  for (const path of paths) {
    const { status, headers } = await ask(path);
    expect([path, status, headers.get('content-type')]).toEqual([path, 200, 'text/javascript; charset=utf-8']);
  }
});

test('a whole GET that was cut at a deadline is never given as a whole one', async () => {
  const fresh = `${OPTIONS}~start.10ms`;
  edge.origin.behaviour = { bytesPerSecond: 40_000 };
  try {
    await expect(ask(openTo({ options: fresh }))).rejects.toThrow();
  } finally {
    edge.origin.behaviour = {};
  }
  await edge.baton.idle();
  expect(edge.baton.usage.at(-1)).toMatchObject({ outcome: 'cut', error: 'RESPONSE_LIMIT' });
  const sent = edge.baton.usage.at(-1)?.bytes ?? 0;
  const after = await ask(openTo({ options: fresh }));
  expect([after.status, after.cache]).toEqual([200, MISS]);
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(after.bytes.length);
  const again = await ask(openTo({ options: fresh }));
  expect([again.cache, again.bytes.equals(after.bytes)]).toEqual([HIT, true]);
});
